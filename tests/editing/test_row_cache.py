"""Warm-up rows that are known already: the same statistics without a pass through the model, and never wrong ones."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from tests.editing.test_forms import TEXTS, chatting
from tests.tiny import tiny_model
from workbench.editing import kept_tensors
from workbench.editing.editor import Editor
from workbench.editing.job import Job
from workbench.editing.recipe import Recipe
from workbench.editing.run import Run
from workbench.facts.fact import Fact
from workbench.models.loaded import LoadedModel
from workbench.models.modules import select

MODULES = "model.layers.{1..2}.mlp.down_proj"
WARMUP = [Fact(f"Thing {i} is", ("big", "a cat", "8")[i % 3], subject=f"Thing {i}") for i in range(12)]
RECIPE = Recipe(batch=4, warmup_facts=12, memory=1.0, warmup_memory=1.0, budget=0.0)


def warmed(
    cache: Path | None, loaded: LoadedModel | None = None, recipe: Recipe = RECIPE, edit: bool = False
) -> tuple[dict[str, Tensor], int]:
    """Everything that the warm-up left in the editor, and how many passes through the model it took."""
    loaded = loaded or chatting()
    passes: list[int] = []
    loaded.model.register_forward_hook(lambda *_given: passes.append(1))
    editor = Editor(loaded, select(loaded.modules, MODULES), recipe)
    job = Job((), WARMUP, TEXTS, TEXTS, row_cache=cache)
    if edit:
        next(iter(editor.model.delta().values())).add_(0.01)
        editor.model.write_weights()
    run = Run(editor, job)
    list(run.prepare())
    passes.clear()
    list(run.warm_up())
    found = {f"{name} inverse": p.inverse for name, p in editor.precisions.items()}
    for name, s in editor.statistics.items():
        found |= {f"{name} mean": s.mean_value, f"{name} covariance": s.covariance()}
    return {name: tensor.clone() for name, tensor in found.items()}, len(passes)


@pytest.mark.parametrize("changes", [{}, {"positions": "subject"}, {"loss": "minibatch-mean"}])
def test_a_second_warm_up_reads_nothing_and_leaves_the_same(tmp_path: Path, changes: dict[str, str]) -> None:
    recipe = replace(RECIPE, **changes)  # type: ignore[arg-type]
    plain, passes = warmed(None, recipe=recipe)
    first, also = warmed(tmp_path, recipe=recipe)
    second, none = warmed(tmp_path, recipe=recipe)
    assert (passes, none) == (also, 0)
    for name, tensor in plain.items():
        assert torch.equal(first[name], tensor)
        assert torch.equal(second[name], tensor)


@pytest.mark.parametrize(
    "other",
    [
        lambda cache: warmed(cache, tiny_model()),
        lambda cache: warmed(cache, chatting(seed=1)),
        lambda cache: warmed(cache, recipe=replace(RECIPE, form="plain")),
        lambda cache: warmed(cache, recipe=replace(RECIPE, ending="none")),
        lambda cache: warmed(cache, recipe=replace(RECIPE, positions="subject")),
        lambda cache: warmed(cache, recipe=replace(RECIPE, loss="minibatch-mean")),
        lambda cache: warmed(cache, recipe=replace(RECIPE, warmup_mode="edits")),
        lambda cache: warmed(cache, edit=True),
    ],
)
def test_what_would_give_other_rows_does_not_use_them(
    tmp_path: Path, other: Callable[[Path], tuple[dict[str, Tensor], int]]
) -> None:
    warmed(tmp_path)
    assert other(tmp_path)[1] > 0


def test_what_ordinary_text_gave_is_known_too(tmp_path: Path) -> None:
    recipe = replace(RECIPE, protection=10.0)
    plain, _ = warmed(None, recipe=recipe)
    for _ in range(2):
        found, _ = warmed(tmp_path, recipe=recipe)
        assert all(torch.equal(found[name], tensor) for name, tensor in plain.items())
    loaded = chatting()
    editor = Editor(loaded, select(loaded.modules, MODULES), recipe)
    passes: list[int] = []
    loaded.model.base_model.register_forward_hook(lambda *_given: passes.append(1))
    job = Job((), WARMUP, TEXTS, TEXTS, row_cache=tmp_path)
    list(Run(editor, job).prepare())
    assert not passes
    other = Run(editor_of_other(recipe), replace(job, ordinary_text=(*TEXTS, "One more.")))
    list(other.prepare())
    assert len(other.editor.precisions) == len(editor.precisions)
    assert not all(
        torch.equal(p.inverse, editor.precisions[name].inverse) for name, p in other.editor.precisions.items()
    )


def editor_of_other(recipe: Recipe) -> Editor:
    loaded = chatting()
    return Editor(loaded, select(loaded.modules, MODULES), recipe)


def test_damaged_rows_are_read_from_the_model_again(tmp_path: Path) -> None:
    whole, _ = warmed(tmp_path)
    files = sorted(tmp_path.glob("*.safetensors"))
    assert len(files) == 3
    files[0].write_bytes(files[0].read_bytes()[:100])
    files[1].write_bytes(b"")
    save_file({"other": torch.zeros(3)}, files[2])
    again, passes = warmed(tmp_path)
    assert passes > 0
    assert all(torch.equal(again[name], tensor) for name, tensor in whole.items())
    assert warmed(tmp_path)[1] == 0


def test_the_oldest_make_room_and_a_full_disk_is_no_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warmed(tmp_path)
    size = max(f.stat().st_size for f in tmp_path.glob("*.safetensors"))
    monkeypatch.setattr(kept_tensors, "ROOM", 3 * size)
    warmed(tmp_path, chatting(seed=1))
    assert sum(f.stat().st_size for f in tmp_path.glob("*.safetensors")) <= 3 * size

    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept_tensors, "save_file", full)
    found, _ = warmed(tmp_path, chatting(seed=2))
    wanted, _ = warmed(None, chatting(seed=2))
    assert all(torch.equal(found[name], tensor) for name, tensor in wanted.items())
