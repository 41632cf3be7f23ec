"""Steps that are not finite are never applied: they end the run, or are left out of it."""

from collections.abc import Sequence

import pytest
import torch

from tests.session.kept_runs import assert_same_state, copied, editor, job, recipe
from workbench.editing import solving, tracing
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.events import (
    EndReason,
    Evaluated,
    Event,
    RunEnded,
    StepApplied,
    StepSkipped,
    WarmupProgressed,
)
from workbench.editing.job import Done, Job
from workbench.editing.recipe import Recipe
from workbench.editing.run import Run
from workbench.editing.shift import Shift
from workbench.editing.tracing import Traced
from workbench.errors import NonFinite


def poison(monkeypatch: pytest.MonkeyPatch, prompt: str) -> None:
    """The gradients of the step that holds that fact are not finite."""
    original = tracing.trace

    def poisoned(
        loaded: object, modules: object, facts: object, names: Sequence[str], **more: object
    ) -> Traced:
        traced: Traced = original(loaded, modules, facts, names, **more)  # type: ignore[arg-type]
        if prompt in names:
            next(iter(traced.values.values()))[0, 0] = float("nan")
        tracing._require_finite_rows(traced, names)
        return traced

    monkeypatch.setattr(solving, "trace", poisoned)


def events_of(of: Editor, what: Job, done: Done | None = None) -> list[Event]:
    return list(Run(of, what, done=done or Done()).events())


def skipped(events: Sequence[Event]) -> list[StepSkipped]:
    return [event for event in events if isinstance(event, StepSkipped)]


def test_a_skipped_step_leaves_everything_as_it_was_and_the_run_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = recipe(memory=1, on_error="skip")
    poison(monkeypatch, "Item 2 is")
    of = editor(chosen)
    events = events_of(of, job(8))
    [left_out] = skipped(events)
    assert (left_out.step, left_out.first_fact, left_out.facts, left_out.facts_done) == (2, 2, 2, 4)
    assert (left_out.fact, left_out.module) == ("Item 2 is", "model.layers.1.mlp.down_proj")
    assert [e.step for e in events if isinstance(e, StepApplied)] == [1, 3, 4]
    assert isinstance(events[-1], RunEnded)
    assert (events[-1].reason, events[-1].facts_done) == (EndReason.FINISHED, 8)
    scores = [e for e in events if isinstance(e, Evaluated)]
    assert (scores[-1].scores.facts, len(scores[-1].retention)) == (8, 4)
    never = Job([f for i, f in enumerate(job(8).facts) if i not in (2, 3)], job(8).warmup, *texts())
    other = editor(chosen)
    events_of(other, never)
    assert_same_state(copied(of), copied(other))


def texts() -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    return job(1).ordinary_text, job(1).perplexity_text


def test_by_default_such_a_step_ends_the_run_and_the_next_try_may_skip_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    poison(monkeypatch, "Item 2 is")
    of = editor(recipe())
    with pytest.raises(NonFinite, match="Item 2 is"):
        events_of(of, job(8))
    events = events_of(of, job(8), Done(warmup_steps=2, steps=1, skip_next=True))
    assert [e.step for e in skipped(events)] == [2]
    assert [e.step for e in events if isinstance(e, StepApplied)] == [3, 4]


def test_skipping_the_next_step_forgives_no_later_one(monkeypatch: pytest.MonkeyPatch) -> None:
    poison(monkeypatch, "Item 4 is")
    with pytest.raises(NonFinite):
        events_of(editor(recipe()), job(8), Done(skip_next=True))


@pytest.mark.parametrize("mode", ["statistics", "edits"])
def test_a_warm_up_batch_can_be_skipped(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    poison(monkeypatch, "Item 1000 is")
    of = editor(recipe(warmup_mode=mode, on_error="skip"))
    events = events_of(of, job(4))
    assert [(e.warming_up, e.step, e.facts_done) for e in skipped(events)] == [(True, 1, 2)]
    assert [e.facts_done for e in events if isinstance(e, WarmupProgressed)] == [4]


def test_a_shift_that_would_overflow_counts_as_not_finite() -> None:
    huge = torch.full((1, 2), 1e30)
    assert bool(torch.isfinite(huge).all())
    assert not Shift(huge, huge).fits(torch.float32)
    assert not Shift(None, torch.tensor([[float("nan")]])).fits(torch.float32)
    assert Shift(huge, torch.ones(1, 2)).fits(torch.float32)


def test_statistics_that_cannot_be_decomposed_are_not_finite_either(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise torch.linalg.LinAlgError("the algorithm failed to converge")

    monkeypatch.setattr(Editor, "_solve", fail)
    of = editor(recipe(warmup_mode="none"))
    with pytest.raises(NonFinite, match="cannot be decomposed") as told:
        events_of(of, job(2))
    assert told.value.module.startswith("model.layers.")


@pytest.mark.parametrize("stop_at", [2, 4])
def test_stop_after_this_step_stops_between_warm_up_batches_and_before_the_edits(stop_at: int) -> None:
    control = Control()
    events: list[Event] = []
    chosen: Recipe = recipe()
    run = Run(editor(chosen), job(4), control)
    for event in run.events():
        events.append(event)
        if isinstance(event, WarmupProgressed) and event.facts_done == stop_at:
            control.stop_after_step()
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.reason is EndReason.STOPPED
    assert "warm-up" in ended.message
    assert (run.warmup_steps_done, run.steps_done) == (stop_at // 2, 0)
