"""A run from cached traces is the run that the engine does."""

import numpy as np
import pytest
import torch

from tests.studies.made_up import TEXTS, facts, recipe_of
from tests.tiny import tiny_model
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.events import Evaluated, Event, StepApplied
from workbench.editing.job import Job
from workbench.editing.recipe import Recipe
from workbench.editing.run import Run
from workbench.errors import Cancelled
from workbench.evaluation.batching import Watch
from workbench.models.loaded import LoadedModel
from workbench.models.modules import select
from workbench.studies.study_run import Yardstick, traced_run, unedited_afterwards
from workbench.studies.traces import Traces

EDITS, WARMUP = facts(10), facts(16, 100)
VARIANTS: dict[str, dict[str, object]] = {
    "whitening": {},
    "memory": {"memory": 1.0},
    "protection": {"protection": 30.0, "memory": 0.3, "ridge": 3.0},
    "floor": {"floor": 0.2},
    "warm-up memory": {"warmup_memory": 0.5, "memory": 1.0},
    "pooled, with memory": {"scope": "shape", "warmup_memory": 0.5},
    "three passes": {"passes": 3, "memory": 0.5},
    "absolute floor": {"floor_kind": "absolute", "floor": 1e-6},
    "diagonal": {"normalisation": "diagonal"},
    "none": {"normalisation": "none"},
    "pooled": {"scope": "shape"},
    "minibatch loss": {"loss": "minibatch-mean"},
    "no warm-up": {"warmup_mode": "none"},
    "warm-up edits": {"warmup_mode": "edits", "step_size": 1e-3},
    "one module": {"modules": "", "layers": (2,)},
}


def real_run(recipe: Recipe, loaded: LoadedModel) -> tuple[list[Event], dict[str, torch.Tensor]]:
    editor = Editor(loaded, select(loaded.modules, recipe.modules), recipe)
    job = Job(EDITS, WARMUP, ordinary_text=TEXTS, perplexity_text=TEXTS)
    return list(Run(editor, job).events()), editor.model.delta()


def traces_of(loaded: LoadedModel) -> tuple[Traces, Yardstick]:
    down = {[m for m in loaded.modules if m.layer == layer][-1] for layer in (0, 1, 2)}
    modules = [m for m in loaded.modules if m in down]
    return Traces(loaded, modules, WARMUP, EDITS, TEXTS), Yardstick.read(loaded, EDITS, TEXTS, Watch())


def _other(recipe: Recipe) -> Recipe:
    return recipe.with_(
        floor=0.3, step_size=recipe.step_size / 2, protection=recipe.protection * 2, warmup_facts=8
    )


def steps_of(events: list[Event]) -> list[StepApplied]:
    return [e for e in events if isinstance(e, StepApplied)]


@pytest.mark.parametrize("name", VARIANTS)
def test_a_run_from_cached_traces_equals_a_run_of_the_same_settings(name: str) -> None:
    changes = dict(VARIANTS[name])
    layers = changes.pop("layers", (1, 2))
    changes = {k: v for k, v in changes.items() if k != "modules"}
    loaded = tiny_model()
    recipe = recipe_of(loaded, *layers, **changes)  # type: ignore[misc]
    real, real_moved = real_run(recipe, tiny_model())

    traces, yardstick = traces_of(loaded)
    other = traced_run(traces, _other(recipe), yardstick, Control())
    with unedited_afterwards(other.editor):
        list(other.parts())  # leaves its decompositions in the cache
    for _ in range(2):  # the second time, everything is in the cache
        run = traced_run(traces, recipe, yardstick, Control())
        with unedited_afterwards(run.editor):
            events = list(run.parts())
            moved = {k: v.clone() for k, v in run.editor.model.delta().items()}
        for mine, theirs in zip(steps_of(events), steps_of(real), strict=True):
            assert mine.success == theirs.success
            assert mine.loss == pytest.approx(theirs.loss, rel=1e-5)
            for module, step in mine.modules.items():
                assert step.shift_norm == pytest.approx(theirs.modules[module].shift_norm, rel=1e-4)
                assert step.floored_share == pytest.approx(theirs.modules[module].floored_share, nan_ok=True)
        for module, tensor in moved.items():
            assert float((tensor - real_moved[module]).norm() / tensor.norm()) < 1e-3
        mine_end, real_end = events[-1], real[-2]
        assert isinstance(mine_end, Evaluated)
        assert isinstance(real_end, Evaluated)
        for score in ("es", "gs", "exact", "locality_kept"):
            assert getattr(mine_end.scores, score) == getattr(real_end.scores, score)
        assert mine_end.scores.perplexity == pytest.approx(real_end.scores.perplexity, rel=1e-4)


def test_the_model_is_unedited_after_a_run_and_after_a_stop() -> None:
    loaded = tiny_model()
    before = {name: tensor.clone() for name, tensor in loaded.model.state_dict().items()}
    traces, yardstick = traces_of(loaded)
    control = Control()
    run = traced_run(traces, recipe_of(loaded), yardstick, control)
    parts = run.parts()
    with unedited_afterwards(run.editor):
        assert isinstance(next(parts), StepApplied)
        assert any(not torch.equal(before[k], v) for k, v in loaded.model.state_dict().items())
        control.stop()
        with pytest.raises(Cancelled):
            next(parts)
    assert all(torch.equal(before[k], v) for k, v in loaded.model.state_dict().items())


def test_no_forward_pass_is_needed_to_solve_the_first_step_again(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = tiny_model()
    traces, yardstick = traces_of(loaded)
    recipe = recipe_of(loaded, protection=1.0, warmup_facts=16)
    run = traced_run(traces, recipe, yardstick, Control())
    with unedited_afterwards(run.editor):
        list(run.parts())

    def no_forward(*_given: object, **_named: object) -> None:
        raise AssertionError("a forward pass")

    other = traced_run(traces, recipe.with_(step_size=2e-2, floor=0.1), yardstick, Control())
    monkeypatch.setattr(loaded.model, "forward", no_forward)
    monkeypatch.setattr(other.evaluator, "_lean", True)
    with unedited_afterwards(other.editor):
        first = next(iter(other.parts()))
    assert isinstance(first, StepApplied)


def test_old_decompositions_make_room_for_new_ones() -> None:
    loaded = tiny_model()
    traces, yardstick = traces_of(loaded)
    small = Traces(loaded, traces.modules, WARMUP, EDITS, TEXTS, room=1)
    norms = []
    for used in (traces, small):
        run = traced_run(used, recipe_of(loaded, protection=2.0), yardstick, Control())
        with unedited_afterwards(run.editor):
            norms.append([m.shift_norm for m in steps_of(list(run.parts()))[-1].modules.values()])
    assert np.allclose(norms[0], norms[1])
    assert len(small._kept) == 1
