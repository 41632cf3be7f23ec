"""The located editors on every architecture that can be edited."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from tests.editors.tiny_facts import located
from tests.tiny import ARCHITECTURES, INNER, tiny_model
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.protection import text_keys
from workbench.editing.recipe import Recipe
from workbench.editors.located.covariance import covariance_precision, null_space
from workbench.editors.located.facts import LocatedFact
from workbench.editors.located.memit import memit_shifts, require_down_projections
from workbench.editors.located.rome import rome_shift
from workbench.editors.located.settings import MemitSettings, RomeSettings
from workbench.models.forward import answer_logits
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule

TEXTS = [f"Text {i} of a few that a model reads: {i * i}, {i + 7} and so on." for i in range(12)]


@torch.no_grad()
def loss(loaded: LoadedModel, facts: Sequence[LocatedFact]) -> float:
    logits, tokens, _ = answer_logits(loaded.model, [fact.sequences[0] for fact in facts])
    return float(cross_entropy(logits.float(), tokens))


def down(loaded: LoadedModel, *layers: int) -> tuple[EditableModule, ...]:
    inner = [m for m in loaded.modules if m.d_in == INNER and m.layer in layers]
    return require_down_projections(loaded.modules, inner)


def weights(loaded: LoadedModel) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in loaded.model.state_dict().items()}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_memit_lowers_its_loss_and_changes_its_modules_only(architecture: str) -> None:
    loaded = tiny_model(architecture)
    modules, facts, before = down(loaded, 0, 1), located(loaded), weights(loaded)
    editor, unedited = Editor(loaded, modules, Recipe()), loss(loaded, facts)
    covariances = text_keys(loaded, modules, TEXTS, Control())
    precisions = {name: covariance_precision(c, 1e-3) for name, c in covariances.items()}
    settings = MemitSettings(steps=8, rate=0.1, clamp=1e4, decay=0.0)
    step = memit_shifts(loaded, modules, facts, precisions, settings, editor.model.trying, Control())
    assert all(torch.equal(tensor, before[name]) for name, tensor in weights(loaded).items())
    editor.apply(step.shifts)
    edited = loss(loaded, facts)
    assert edited < unedited - 0.01
    changed = {name for name, tensor in weights(loaded).items() if not torch.equal(tensor, before[name])}
    assert changed == {f"{m.name}.weight" for m in modules}


@pytest.mark.parametrize("architecture", ["gemma3", "gpt2", "opt"])
@pytest.mark.parametrize("key", ["one", "published"])
def test_rome_lowers_its_loss(architecture: str, key: str) -> None:
    loaded = tiny_model(architecture)
    (module,), facts = down(loaded, 1), located(loaded)
    editor, unedited = Editor(loaded, [module], Recipe()), loss(loaded, facts)
    settings = RomeSettings(steps=8, clamp=1e4, decay=0.0, key=key)
    step = rome_shift(loaded, module, facts, settings, None, editor.model.trying, Control())
    assert torch.linalg.matrix_rank(step.shift.dense()) == len(facts)
    editor.apply({module.name: step.shift})
    edited = loss(loaded, facts)
    assert edited < unedited - 0.01


def test_alphaedit_leaves_alone_what_ordinary_text_uses() -> None:
    loaded = tiny_model()
    modules, facts = down(loaded, 0, 1), located(loaded)
    editor = Editor(loaded, modules, Recipe())
    covariances = text_keys(loaded, modules, TEXTS, Control())
    spaces = {name: null_space(c, 0.1, relative=True) for name, c in covariances.items()}
    precisions = {name: space.precision(0.01) for name, space in spaces.items()}
    step = memit_shifts(
        loaded, modules, facts, precisions, MemitSettings(steps=3), editor.model.trying, Control()
    )
    for name, space in spaces.items():
        assert 0 < space.rank < INNER
        assert 0 < space.energy < space.share * 0.1
        used = torch.eye(INNER, dtype=torch.float64) - space.projector
        shift = step.shifts[name].dense().double()
        assert torch.linalg.norm(used @ shift) < 1e-5 * torch.linalg.norm(shift)
