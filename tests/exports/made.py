"""Edited tiny models to export, with and without a session behind them."""

from pathlib import Path

import torch

from tests.session.kept_runs import job, recipe, run_kept
from tests.tiny import tiny_model
from workbench.editing.editor import Editor
from workbench.editing.recipe import Recipe
from workbench.exports.edited import EditedModel, rebuilt_model
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule
from workbench.session.folder import Session

# What is edited of each kind of model: Linear under tied embeddings, Conv1D, a fused Linear.
EDITED = {"llama": "mlp.down_proj", "gpt2": "mlp.c_proj", "phi3": "mlp.gate_up_proj", "gptj": "mlp.fc_out"}


def modules_of(loaded: LoadedModel, projection: str) -> tuple[EditableModule, ...]:
    return tuple(m for m in loaded.modules if m.projection == projection and m.layer > 0)


def moved_editor(
    architecture: str = "llama", dtype: torch.dtype = torch.float32, size: float = 0.1, seed: int = 1
) -> Editor:
    """A model whose modules are moved at random; every singular value is above zero."""
    loaded = tiny_model(architecture, dtype=dtype)
    editor = Editor(loaded, modules_of(loaded, EDITED[architecture]), Recipe())
    random = torch.Generator().manual_seed(seed)
    for moved in editor.model.delta().values():
        moved.copy_(size * torch.randn(moved.shape, generator=random))
    editor.model.write_weights()
    return editor


def kept_session(path: Path, facts: int = 8, **changes: object) -> Path:
    """A finished run of ``facts`` facts in steps of two."""
    run_kept(path, recipe(**changes), job(facts))
    return path


def rebuilt_from(session: Session) -> EditedModel:
    return rebuilt_model(session, session.rebuild(tiny_model()))


def logits(loaded: LoadedModel) -> torch.Tensor:
    ids = torch.arange(1, 40)[None]
    with torch.no_grad():
        found: torch.Tensor = loaded.model(input_ids=ids).logits
    return found


def left_in(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))
