"""Steps that were skipped are kept as such: every state comes back, a resumed run ends the same."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.editing.test_skipped_steps import poison
from tests.session.kept_runs import (
    assert_same_state,
    copied,
    job,
    recipe,
    resumed,
    run_kept,
    run_until,
    told,
)
from tests.tiny import tiny_model
from workbench.editing.events import StepApplied, StepSkipped
from workbench.editing.run import Run
from workbench.errors import NonFinite
from workbench.session.folder import Session
from workbench.session.keeping import Keeping
from workbench.session.ledger import ledger
from workbench.session.packing import pack_report
from workbench.session.provenance import rebuilt_provenance, session_provenance

SKIP = {"memory": 1, "on_error": "skip"}


def figures(event: StepApplied) -> tuple[str, bytes]:
    return pack_report(replace(event, seconds=0, memory_bytes=0))


@pytest.mark.parametrize("every", [1, 100])
def test_every_state_around_a_skipped_step_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    poison(monkeypatch, "Item 2 is")
    of, sink, _ = run_kept(tmp_path / "s", recipe(**SKIP), job(8), Keeping(checkpoint_every=every))
    with Session.open(tmp_path / "s") as session:
        for step in (4, 3, 2, 1):
            assert session.rewind(of, step=step).bit_equal
            assert_same_state(copied(of), sink.states[False, step])
        assert_same_state(sink.states[False, 1], sink.states[False, 2])
        [run] = ledger(session)
        assert [bool(s.skipped) for s in run.steps if not s.warming_up] == [False, True, False, False]
        assert run.skipped_facts == 2
        left_out = next(s for s in run.steps if s.skipped)
        assert (left_out.fact, left_out.first_fact, left_out.facts) == ("Item 2 is", 2, 2)
        assert left_out.norm != left_out.norm  # no weight moved


@pytest.mark.parametrize("stop_after", [1, 3])
def test_a_run_with_a_skipped_step_goes_on_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_after: int
) -> None:
    poison(monkeypatch, "Item 2 is")
    whole, _, events = run_kept(tmp_path / "whole", recipe(**SKIP), job(8))
    with Session.create(tmp_path / "parts") as session:
        run_until(session, recipe(**SKIP), job(8), stop_after)
        gone_on, _ = resumed(session)
        assert_same_state(copied(gone_on), copied(whole))
        kept = [s.report for s in session.steps(1) if s.position.editing]
        assert [type(r) for r in kept] == [StepApplied, StepSkipped, StepApplied, StepApplied]
        applied = told([r for r in kept if r is not None])
        assert [figures(e) for e in applied] == [figures(e) for e in told(events)]


def test_a_run_that_failed_goes_on_without_the_facts_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, "Item 2 is")
    wanted, _, _ = run_kept(tmp_path / "wanted", recipe(**SKIP), job(8))
    with pytest.raises(NonFinite):
        run_kept(tmp_path / "s", recipe(memory=1), job(8))
    with Session.open(tmp_path / "s") as session:
        assert (session.run().reason, session.run().steps_done) == ("failed", 1)
        assert "Item 2 is" in session.run().message
        going = session.resume(tiny_model(), skip_next=True)
        list(Run(going.editor, going.job, sink=going.recorder, done=going.done).events())
        assert_same_state(copied(going.editor), copied(wanted))
        assert session.run().recipe.on_error == "stop"
        assert session.run().reason == "finished"


def test_a_branch_right_after_a_skipped_step_compares_with_the_last_shift(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, "Item 2 is")
    whole, _, events = run_kept(tmp_path / "s", recipe(**SKIP), job(8))
    with Session.open(tmp_path / "s") as session:
        going = session.branch(tiny_model(), 1, 2)
        seen = list(Run(going.editor, going.job, sink=going.recorder, done=going.done).events())
        assert_same_state(copied(going.editor), copied(whole))
        assert [figures(e) for e in told(seen)] == [figures(e) for e in told(events)][1:]
        again = session.branch(tiny_model(), 2, 2)
        seen = list(Run(again.editor, again.job, sink=again.recorder, done=again.done).events())
        assert [figures(e) for e in told(seen)] == [figures(e) for e in told(events)][1:]


def test_facts_that_were_skipped_are_not_counted_as_edits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch, "Item 2 is")
    of, _, _ = run_kept(tmp_path / "s", recipe(**SKIP), job(8))
    with Session.open(tmp_path / "s") as session:
        names = [m.name for m in of.modules]
        assert session_provenance(session, of.loaded, of.recipe, names, [1]).edits == 6
        assert session_provenance(session, of.loaded, of.recipe, names, [1], {1: 1}).edits == 2
        assert rebuilt_provenance(session, session.rewind(of, step=3), of.loaded).edits == 4
        assert rebuilt_provenance(session, session.rewind(of, step=1), of.loaded).edits == 2


def test_a_skipped_warm_up_batch_comes_back_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    poison(monkeypatch, "Item 1000 is")
    chosen = recipe(warmup_mode="edits", **SKIP)
    of, sink, _ = run_kept(tmp_path / "s", chosen, job(4), Keeping(checkpoint_every=100))
    with Session.open(tmp_path / "s") as session:
        assert session.steps(1)[0].skipped
        assert_same_state(copied(session.rewind(of, step=0).editor), sink.states[True, 2])
        assert_same_state(copied(session.rebuild(tiny_model()).editor), sink.states[False, 2])
