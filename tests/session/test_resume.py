"""A run that was stopped or cut off goes on as if nothing had been; branches and replays leave out what they should."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.session.kept_runs import (
    assert_same_state,
    copied,
    editor,
    job,
    recipe,
    resumed,
    run_kept,
    run_until,
    told,
)
from tests.tiny import tiny_model
from workbench.desktop.workspace.opened import read_session
from workbench.editing.control import Control
from workbench.editing.events import Evaluated, Event, RunStarted, StepApplied, WarmupProgressed
from workbench.editing.job import Done, Job
from workbench.editing.recipe import Recipe
from workbench.editing.run import Run
from workbench.errors import SessionError
from workbench.session.folder import Session
from workbench.session.lineage import Chain, built_upon, keep_behind
from workbench.session.packing import pack_report

DOWN_1 = "model.layers.1.mlp.down_proj"


def figures(event: StepApplied) -> tuple[str, bytes]:
    """All that was told of a step but for time and memory."""
    return pack_report(replace(event, seconds=0, memory_bytes=0))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"memory": 1, "protection": 10, "warmup_mode": "edits", "evaluate_every": 3},
        {"memory": 1, "positions": "subject then answer", "passes": 3},
    ],
)
@pytest.mark.parametrize("stop_after", [1, 3, 6])
def test_a_stopped_run_goes_on_bit_for_bit(
    tmp_path: Path, stop_after: int, changes: dict[str, object]
) -> None:
    chosen, what = recipe(**changes), job(12)
    whole, _, events = run_kept(tmp_path / "whole", chosen, what)
    with Session.create(tmp_path / "parts") as session:
        run_until(session, chosen, what, stop_after)
        assert (session.run().reason, session.run().steps_done) == ("stopped", stop_after)
        gone_on, _ = resumed(session)
        assert_same_state(copied(gone_on), copied(whole))
        kept = told([s.report for s in session.steps(1) if s.report])
        assert [figures(e) for e in kept] == [figures(e) for e in told(events)]
        assert (session.run().reason, session.run().steps_done) == ("finished", 6)
        with pytest.raises(SessionError, match="nothing is left to do"):
            session.resume(tiny_model())
        wanted = {e.step: e for e in events if isinstance(e, Evaluated)}.values()
        for got, want in zip(session.scores(1), wanted, strict=True):
            assert got.step == want.step
            assert repr(got.scores) == repr(want.scores)
            assert np.array_equal(got.per_fact.es, want.per_fact.es)
            assert np.array_equal(got.retention, want.retention)


def test_a_run_stopped_in_its_warm_up_goes_on_there(tmp_path: Path) -> None:
    chosen, what = recipe(warmup_facts=8, warmup_mode="edits", memory=1), job(6, warmup=8)
    whole, _, _ = run_kept(tmp_path / "whole", chosen, what)
    with Session.create(tmp_path / "parts") as session:
        of, control = editor(chosen), Control()
        for event in Run(of, what, control, session.start_run(of, what)).events():
            if isinstance(event, WarmupProgressed) and event.facts_done == 4:
                control.stop()
        gone_on, events = resumed(session)
        assert [e.facts_done for e in events if isinstance(e, WarmupProgressed)] == [6, 8]
        assert_same_state(copied(gone_on), copied(whole))


@pytest.mark.parametrize("done", [0, 1, 3])
@pytest.mark.parametrize("mode", ["statistics", "edits"])
def test_a_warm_up_that_was_cut_off_keeps_its_key_protection(tmp_path: Path, mode: str, done: int) -> None:
    """As the window runs them: the warm-up for itself, killed before its end was kept."""
    chosen, what = recipe(warmup_facts=8, warmup_mode=mode, protection=10, memory=1), job(0, warmup=8)
    whole, _, _ = run_kept(tmp_path / "whole", chosen, what)
    cut_off_in_warm_up(tmp_path / "s", chosen, what, done)
    with Session.open(tmp_path / "s") as session:
        assert session.run().reason == "interrupted"
        assert session.rebuild(tiny_model()).bit_equal
        gone_on, events = resumed(session)
        assert [e.facts_done for e in events if isinstance(e, WarmupProgressed)] == [2, 4, 6, 8][done + 1 :]
        assert_same_state(copied(gone_on), copied(whole))
        assert_same_state(copied(session.rebuild(tiny_model()).editor), copied(whole))


def test_a_warm_up_without_its_key_protection_is_done_anew(tmp_path: Path) -> None:
    """As a version that kept none at the first batch left it."""
    chosen, what = recipe(warmup_facts=8, warmup_mode="edits", protection=10), job(0, warmup=8)
    whole, _, _ = run_kept(tmp_path / "whole", chosen, what)
    cut_off_in_warm_up(tmp_path / "s", chosen, what, 3)
    with Session.open(tmp_path / "s") as session:
        for checkpoint in session._runs.checkpoints(1):
            session._runs.drop_checkpoint(1, checkpoint.position)
        with pytest.raises(SessionError, match="lost its key protection"):
            session.rebuild(tiny_model())
        gone_on, events = resumed(session)
        assert [e.facts_done for e in events if isinstance(e, WarmupProgressed)] == [2, 4, 6, 8]
        assert_same_state(copied(gone_on), copied(whole))
        assert_same_state(copied(session.rebuild(tiny_model()).editor), copied(whole))


def cut_off_in_warm_up(path: Path, chosen: Recipe, what: Job, done: int) -> None:
    """After so many batches, and one more that was kept and not told."""
    with Session.create(path) as session:
        of = editor(chosen)
        recorder = session.start_run(of, what)
        keep_event = recorder.keep_event

        def fail(event: object) -> None:
            if isinstance(event, WarmupProgressed) and event.facts_done > done * chosen.batch:
                raise KeyboardInterrupt
            keep_event(event)  # type: ignore[arg-type]

        recorder.keep_event = fail  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            list(Run(of, what, sink=recorder).events())


def cut_off(path: Path, chosen: Recipe, what: Job, kind: type[Event], step: int) -> None:
    """The program ends where an event of that step is to be kept."""
    with Session.create(path) as session:
        of = editor(chosen)
        recorder = session.start_run(of, what)
        keep_event = recorder.keep_event

        def fail(event: Event) -> None:
            if isinstance(event, kind) and getattr(event, "step", None) == step:
                raise KeyboardInterrupt
            keep_event(event)

        recorder.keep_event = fail  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            list(Run(of, what, sink=recorder).events())


@pytest.mark.parametrize("kind", [StepApplied, Evaluated])
@pytest.mark.parametrize("by_an_earlier_version", [False, True])
def test_of_a_step_that_was_kept_only_what_is_missing_is_done(
    tmp_path: Path, kind: type[Event], by_an_earlier_version: bool
) -> None:
    chosen, what = recipe(evaluate_every=3), job(8)
    whole, _, events = run_kept(tmp_path / "whole", chosen, what)
    cut_off(tmp_path / "s", chosen, what, kind, 3)
    with Session.open(tmp_path / "s") as session:
        assert (session.cut_off, session.run().reason, session.run().steps_done) == (1, "interrupted", 3)
        if by_an_earlier_version and kind is StepApplied:  # which kept nothing of a step before it was told
            with session._database.transaction() as transaction:
                transaction.run("UPDATE step SET report = NULL, spectra = NULL WHERE step = 3")
        kept_at = [step.kept for step in session.steps(1)]
        gone_on, seen = resumed(session)
        assert [step.kept for step in session.steps(1)][:-1] == kept_at
        assert [e.step for e in told(seen)] == ([3, 4] if kind is StepApplied else [4])
        assert [e.step for e in seen if isinstance(e, Evaluated)] == [0, 3, 4]
        assert_same_state(copied(gone_on), copied(whole))
        again, first = told([s.report for s in session.steps(1) if s.report]), told(events)
        if not by_an_earlier_version:
            assert [figures(e) for e in again] == [figures(e) for e in first]
        assert [e.fact_success.tolist() for e in again] == [e.fact_success.tolist() for e in first]
        assert [e.modules[DOWN_1].shift_norm for e in again] == [e.modules[DOWN_1].shift_norm for e in first]
        assert [s.step for s in session.scores(1)] == [0, 1, 3, 4]


def test_a_run_that_is_continued_begins_with_what_it_has(tmp_path: Path) -> None:
    with Session.create(tmp_path / "s") as session:
        run_until(session, recipe(), job(7), 2)
        _, events = resumed(session)
        started = events[0]
        assert isinstance(started, RunStarted)
        assert (started.sizes, started.steps_done, started.facts_done, started.warmup_done) == (
            (2, 2, 2, 1), 2, 4, 4,
        )  # fmt: skip


def conflicting(count: int) -> Job:
    """Facts 2 and 3 give one prompt different targets, and so do 5 and 1."""
    plain = job(count)
    facts = list(plain.facts)
    facts[2] = replace(facts[2], prompt="The colour of it is", target="red")
    facts[3] = replace(facts[3], prompt="The  colour of It is", target="blue")
    facts[5] = replace(facts[5], prompt=facts[1].prompt, target="nothing")
    return replace(plain, facts=facts)


def test_facts_that_contradict_each_other_are_in_different_steps_however_a_run_is_continued(
    tmp_path: Path,
) -> None:
    chosen, what = recipe(batch=3, evaluate_every=2), conflicting(8)
    whole, _, events = run_kept(tmp_path / "whole", chosen, what)
    assert [(e.first_fact, e.facts) for e in told(events)] == [(0, 3), (3, 3), (6, 2)]
    _, _, few = run_kept(tmp_path / "small", recipe(batch=8), what)
    assert [(e.first_fact, e.facts, e.facts_done) for e in told(few)] == [(0, 3, 3), (3, 5, 8)]
    retention = [e.retention for e in few if isinstance(e, Evaluated)][-1]
    per_fact = [e.per_fact.es for e in few if isinstance(e, Evaluated)][-1]
    assert np.array_equal(retention, [per_fact[:3].mean(), per_fact[3:].mean()])
    with Session.create(tmp_path / "parts") as session:
        run_until(session, chosen, what, 1)
        assert session.run().facts_done == 3
        gone_on, _ = resumed(session)
        assert_same_state(copied(gone_on), copied(whole))
        assert session.run().facts_done == 8
        going = session.replay_without(tiny_model(), 1, (3,))
        assert going.done.steps == 1
        seen = list(Run(going.editor, going.job, sink=going.recorder, done=going.done).events())
        assert [(e.step, e.first_fact, e.facts) for e in told(seen)] == [(2, 3, 3), (3, 6, 1)]


def test_a_run_of_an_earlier_version_is_continued_from_the_steps_that_it_made(tmp_path: Path) -> None:
    """It counted steps by their size alone."""
    chosen, what = recipe(batch=3), conflicting(9)
    with Session.create(tmp_path / "s") as session:
        of, control = editor(chosen), Control()
        run = Run(of, what, control, session.start_run(of, what), Done(sizes=(3, 2)))
        for event in run.events():
            if isinstance(event, StepApplied) and event.step == 2:
                control.stop()
        _, events = resumed(session)
        assert [(e.step, e.first_fact, e.facts) for e in told(events)] == [(3, 5, 3), (4, 8, 1)]


def test_resuming_an_old_run_leaves_later_ones_alone(tmp_path: Path) -> None:
    with Session.create(tmp_path / "s") as session:
        run_until(session, recipe(), job(8), 1)
        run_until(session, recipe(step_size=1e-3), job(8), 2)
        resumed(session, 1)
        assert [(r.reason, r.steps_done) for r in session.runs()] == [("finished", 4), ("stopped", 2)]
        assert session.rebuild(tiny_model(), 2).bit_equal


def test_a_branch_goes_on_from_a_step_under_another_recipe(tmp_path: Path) -> None:
    run_kept(tmp_path / "s", recipe(memory=1), job(12))
    with Session.open(tmp_path / "s") as session:
        stronger = recipe(memory=1, step_size=6e-3)
        going = session.branch(tiny_model(), 1, 2, stronger, name="stronger")
        events = list(Run(going.editor, going.job, sink=going.recorder, done=going.done).events())
        wanted = copied(going.editor)
        assert [e.step for e in told(events)] == [3, 4, 5, 6]
        branch = session.run()
        assert (branch.name, branch.parent, branch.parent_step, branch.steps_done) == ("stronger", 1, 2, 6)
        assert branch.recipe == stronger
        assert [s.position.step for s in session.history(branch.id) if s.position.editing] == [
            1,
            2,
            3,
            4,
            5,
            6,
        ]
        assert_same_state(copied(session.rebuild(going.editor).editor), wanted)
        assert_same_state(
            copied(session.rebuild(tiny_model(), step=1).editor),
            copied(session.rebuild(tiny_model(), 1, 1).editor),
        )
        with pytest.raises(SessionError, match="Edit memory changed"):
            session.branch(tiny_model(), 1, 2, recipe(memory=0))
        with pytest.raises(SessionError, match="Other modules are chosen"):
            session.branch(tiny_model(), 1, 2, recipe(memory=1, modules="model.layers.1.mlp.down_proj"))
        with pytest.raises(SessionError, match="2 facts a step"):
            session.branch(tiny_model(), 1, 2, stronger.with_(batch=3))
        assert len(session.runs()) == 2


def branched(session: Session, chosen: Recipe) -> dict[str, Tensor]:
    going = session.branch(tiny_model(), 1, 2, chosen)
    list(Run(going.editor, going.job, sink=going.recorder, done=going.done).events())
    return copied(going.editor)


@pytest.mark.parametrize(
    "changes", [{"ridge": 5.0}, {"protection": 20.0}, {"warmup_memory": 2.0}, {"seed": 1}]
)
def test_a_branch_does_not_record_a_prior_that_it_does_not_use(
    tmp_path: Path, changes: dict[str, float]
) -> None:
    chosen = recipe(memory=1, protection=10)
    run_kept(tmp_path / "s", chosen, job(12))
    with Session.open(tmp_path / "s") as session:
        with pytest.raises(SessionError, match="set it back, or start a new run"):
            session.branch(tiny_model(), 1, 2, chosen.with_(**changes))
        assert len(session.runs()) == 1


def test_a_branch_uses_the_ridge_that_it_records(tmp_path: Path) -> None:
    """Without a prior it is of each step alone."""
    run_kept(tmp_path / "s", recipe(), job(12))
    with Session.open(tmp_path / "s") as session:
        same, other = branched(session, recipe()), branched(session, recipe(ridge=50))
        assert session.run().recipe.ridge == 50
        moved = f"moved/{DOWN_1}"
        assert not torch.allclose(same[moved], other[moved])
        assert_same_state(copied(session.rebuild(tiny_model()).editor), other)


def test_a_branch_has_the_warm_up_behind_it(tmp_path: Path) -> None:
    run_kept(tmp_path / "s", recipe(), job(12, warmup=8))
    with Session.open(tmp_path / "s") as session:
        same = branched(session, recipe())
        assert_same_state(branched(session, recipe(warmup_facts=8)), same)
        assert session.run().recipe == recipe()


@pytest.mark.parametrize("memory", [0.0, 1.0])
@pytest.mark.parametrize("mode", ["none", "statistics", "edits"])
def test_a_branch_from_the_beginning_is_found_again(tmp_path: Path, mode: str, memory: float) -> None:
    plain = recipe(warmup_mode=mode, memory=memory)
    run_kept(tmp_path / "s", plain, job(6))
    with Session.open(tmp_path / "s") as session:
        going = session.branch(tiny_model(), 1, 0, plain.with_(step_size=6e-3))
        list(Run(going.editor, going.job, sink=going.recorder, done=going.done).events())
        assert_same_state(copied(session.rebuild(tiny_model(), 2).editor), copied(going.editor))
        assert session.rebuild(tiny_model(), 2, 1).bit_equal


@pytest.mark.parametrize("removed", [(5, 6, 9), (0,), (11,)])
def test_a_replay_without_facts_equals_a_run_that_never_had_them(
    tmp_path: Path, removed: tuple[int, ...]
) -> None:
    chosen, what = recipe(memory=1, warmup_mode="edits"), job(12)
    run_kept(tmp_path / "s", chosen, what)
    never = replace(what, facts=[f for i, f in enumerate(what.facts) if i not in removed])
    wanted, _, events = run_kept(tmp_path / "never", chosen, never)
    with Session.open(tmp_path / "s") as session:
        going = session.replay_without(tiny_model(), 1, removed)
        assert going.done.steps == min(removed) // 2  # what came before is not done again
        seen = list(Run(going.editor, going.job, sink=going.recorder, done=going.done).events())
        assert_same_state(copied(going.editor), copied(wanted))
        assert [figures(e) for e in told(seen)] == [figures(e) for e in told(events)][going.done.steps :]
        assert_same_state(copied(session.rebuild(tiny_model()).editor), copied(wanted))
        with pytest.raises(SessionError, match="12 facts"):
            session.replay_without(tiny_model(), 1, (12,))


def test_a_branch_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    run_kept(tmp_path / "s", recipe(), job(12))
    with Session.open(tmp_path / "s") as session:
        whole = session.branch(tiny_model(), 1, 2)
        events = list(Run(whole.editor, whole.job, sink=whole.recorder, done=whole.done).events())
        for steps_before_stop in (0, 2):
            part, control = session.branch(tiny_model(), 1, 2), Control()
            for event in Run(part.editor, part.job, control, part.recorder, part.done).events():
                if isinstance(event, StepApplied if steps_before_stop else RunStarted) and (
                    getattr(event, "step", 2) == 2 + steps_before_stop
                ):
                    control.stop()
            gone_on, seen = resumed(session)
            assert_same_state(copied(gone_on), copied(whole.editor))
            assert [figures(e) for e in told(seen)] == [figures(e) for e in told(events)][steps_before_stop:]
            made = session.steps(session.run().id)
            assert [(s.first_fact, s.facts) for s in made] == [(4, 2), (6, 2), (8, 2), (10, 2)]


def test_a_run_on_which_another_began_is_not_continued_beneath_it(tmp_path: Path) -> None:
    """What stands on its last step would stand on another."""
    chosen, what = recipe(), job(12)
    with Session.create(tmp_path / "s") as session:
        run_until(session, chosen, what, 2)
        of = session.rebuild(tiny_model(), 1).editor
        list(Run(of, job(4), sink=session.start_run(of, job(4))).events())
        keep_behind(session, 2, Chain((1,)))
        assert built_upon(session, 1) == 2
        with pytest.raises(SessionError, match="Run 2 began where run 1 stopped"):
            session.resume(tiny_model(), 1)
        assert read_session(session, Chain((1,))).unfinished is None
        branched = session.branch(tiny_model(), 1, 2)
        list(Run(branched.editor, branched.job, sink=branched.recorder, done=branched.done).events())
        assert session.run(3).steps_done == 6
        keep_behind(session, 2, Chain((1,), {1: 1}))
        assert built_upon(session, 1) is None
        resumed(session, 1)
