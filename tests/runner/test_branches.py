"""Rewinding, branching and replaying on the bench, and what the session remembers of it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import torch

from tests.runner.test_runner import RECIPE, Watched
from workbench.editing.control import Control
from workbench.editing.events import Phase, Progressed, RunEnded, StepApplied
from workbench.editing.job import Job
from workbench.errors import Cancelled
from workbench.runner.bench import BranchOrder
from workbench.runner.events import JobFailed, RunBegan
from workbench.session.lineage import CHAIN, CUTS, Chain, behind, chain_to, set_standing, standing


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """A warm-up, run 1, and four steps of two facts, run 2."""
    made = Watched(tmp_path)
    made.run(made.order(0, warmup=4))
    made.run(made.order(8))
    yield made
    made.runner.kill()
    assert made.runner.join(60)
    made.session.close()


def branch(watched: Watched, **more: object) -> list[object]:
    watched.told = []
    order = BranchOrder(watched.session, **more)  # type: ignore[arg-type]
    watched.runner.start(partial(watched.bench.branch, order))
    return list(watched.until_end())


def test_a_run_remembers_what_was_behind_it(watched: Watched) -> None:
    assert behind(watched.session, 1) == Chain()
    assert behind(watched.session, 2) == Chain((1,))
    assert chain_to(watched.session, 2) == Chain((1, 2))
    assert chain_to(watched.session, 2, 3) == Chain((1, 2), {2: 3})
    assert chain_to(watched.session, 2, 4) == Chain((1, 2))


def test_rewinding_forward_and_back_is_bit_equal(watched: Watched) -> None:
    end = watched.weights()
    chain = chain_to(watched.session, 2, 2)
    assert watched.bench.return_to(watched.session, chain.runs, chain.cuts)
    middle = watched.weights()
    assert (watched.bench.chain, watched.bench.cuts) == ([1, 2], {2: 2})
    assert not torch.equal(middle, end)
    assert watched.bench.return_to(watched.session, (1, 2))
    assert torch.equal(watched.weights(), end)
    assert watched.bench.cuts == {}
    assert watched.bench.return_to(watched.session, chain.runs, chain.cuts)
    assert torch.equal(watched.weights(), middle)


def test_a_rewind_tells_how_far_it_is_and_leaves_the_model_as_it_was_when_stopped(watched: Watched) -> None:
    end, told = watched.weights(), list[Progressed]()

    def stop_at_once(event: Progressed) -> None:
        told.append(event)
        control.stop()

    control = Control(stop_at_once)
    with pytest.raises(Cancelled, match="the model is as it was"):
        watched.bench.return_to(watched.session, (1, 2), {2: 3}, control)
    assert (told[0].phase, told[0].done, told[0].total) == (Phase.RETURNING, 1, 3)
    assert torch.equal(watched.weights(), end)
    assert (watched.bench.chain, watched.bench.cuts) == ([1, 2], {})
    watched.run(watched.order(2))
    assert watched.bench.chain == [1, 2, 3]


def test_a_run_after_a_rewind_keeps_what_is_behind_it(watched: Watched) -> None:
    watched.bench.return_to(watched.session, (1, 2), {2: 1})
    watched.run(watched.order(4))
    assert behind(watched.session, 3) == Chain((1, 2), {2: 1})
    assert (watched.bench.chain, watched.bench.cuts) == ([1, 2, 3], {2: 1})
    edited = watched.weights()
    watched.bench.return_to(watched.session, [])
    stands = chain_to(watched.session, 3)
    watched.bench.return_to(watched.session, stands.runs, stands.cuts)
    assert torch.equal(watched.weights(), edited)


def test_a_branch_takes_the_place_of_the_run_that_it_comes_from(watched: Watched) -> None:
    branch(watched, run=2, step=2, recipe=RECIPE.with_(step_size=0.01), name="slower")
    [began] = watched.of(RunBegan)
    assert (began.run, began.name, began.steps_before, began.parent) == (3, "slower", 2, 2)
    assert [e.step for e in watched.of(StepApplied)] == [3, 4]
    assert watched.bench.chain == [1, 3]
    assert chain_to(watched.session, 3, 3) == Chain((1, 3), {3: 3})
    assert chain_to(watched.session, 3, 1) == Chain((1, 2), {2: 1})  # before it began
    assert chain_to(watched.session, 3, 2) == Chain((1, 2), {2: 2})


def test_a_replay_equals_a_run_that_never_had_the_facts(watched: Watched, tmp_path: Path) -> None:
    branch(watched, run=2, removed=(3, 4))
    other = Watched(tmp_path / "never")
    other.run(other.order(0, warmup=4))
    order = other.order(8)
    left = [fact for i, fact in enumerate(order.job.facts) if i not in (3, 4)]
    job = Job(left, (), order.job.ordinary_text, order.job.perplexity_text)
    other.run(type(order)(other.session, job, order.recipe, order.modules, order.name))
    assert torch.equal(watched.weights(), other.weights())
    other.session.close()


def test_a_branch_tells_how_much_of_its_way_back_is_done(watched: Watched) -> None:
    branch(watched, run=2, step=3)
    back = [e for e in watched.of(Progressed) if e.phase is Phase.RETURNING]
    assert [(e.done, e.total) for e in back][-1] == (3, 3)
    assert watched.told.index(back[-1]) < watched.told.index(watched.of(RunBegan)[0])


def test_a_branch_that_cannot_begin_leaves_the_model_as_it_was(watched: Watched) -> None:
    before = watched.weights()
    branch(watched, run=2, step=2, recipe=RECIPE.with_(batch=3))
    [failed] = watched.of(JobFailed)
    assert "2 facts a step" in failed.sentence
    assert not watched.of(RunBegan)
    assert torch.equal(watched.weights(), before)
    assert watched.bench.chain == [1, 2]
    assert len(watched.session.runs()) == 2


def test_a_replay_is_stopped_and_goes_on(watched: Watched) -> None:
    order = BranchOrder(watched.session, run=2, removed=(0,))
    watched.told = []
    watched.runner.start(partial(watched.bench.branch, order))
    watched.until(lambda e: isinstance(e, StepApplied))
    watched.runner.stop()
    watched.until_end()
    assert watched.of(RunEnded)[0].reason == "stopped"
    watched.told = []
    watched.runner.start(partial(watched.bench.go_on, watched.session, 3))
    watched.until_end()
    assert watched.of(RunEnded)[0].reason == "finished"
    assert watched.bench.chain == [1, 3]


def test_where_a_session_stands_outlives_it_and_its_damage(watched: Watched) -> None:
    session = watched.session
    set_standing(session, Chain((1, 2), {2: 3}))
    assert standing(session) == Chain((1, 2), {2: 3})
    for name, value in ((CHAIN, [1, "x", 99, None]), (CUTS, {"1": -1, "2": "x", "y": 3})):
        session.set_setting(name, value)
    assert standing(session) == Chain((1,))
    session.set_setting(CHAIN, {"no": "list"})
    assert standing(session) == Chain()
