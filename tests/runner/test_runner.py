"""The runner with a tiny model: commands, probing meanwhile, and every way to end."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import torch

from tests.tiny import tiny_model
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.events import EndReason, Evaluated, RunEnded, StepApplied, WarmupProgressed
from workbench.editing.job import Job
from workbench.editing.recipe import Recipe
from workbench.errors import DiskFull, NonFinite, OutOfMemory
from workbench.evaluation.manner import Manner
from workbench.evaluation.probing import next_tokens, stream
from workbench.facts.fact import Fact, Probe
from workbench.models.modules import select
from workbench.runner.bench import Bench, Order
from workbench.runner.events import JobEnded, JobFailed, PauseChanged, RunBegan, RunnerEvent
from workbench.runner.runner import Runner
from workbench.session.folder import Session
from workbench.storage.log_file import log_path

WAIT_S = 60
PROMPT = "The capital of Utopia is"
RECIPE = Recipe(batch=2, minibatch=1, step_size=0.05, warmup_facts=4, memory=1.0)


def facts(number: int, word: str = "fact") -> tuple[Fact, ...]:
    return tuple(
        Fact(f"{word} {i} is", f"t{i}", rephrases=(f"{word} {i}:",), locality=(Probe("Elsewhere", "x"),))
        for i in range(number)
    )


class Watched:
    """A runner with everything it told."""

    def __init__(self, folder: Path) -> None:
        self.bench = Bench()
        self.bench.set_model(tiny_model())
        self.runner = Runner(self.bench)
        self.session = Session.create(folder / "test.stableedit")
        self.told: list[RunnerEvent] = []

    def order(self, number: int = 8, warmup: int = 0, recipe: Recipe = RECIPE, afresh: bool = False) -> Order:
        assert self.bench.loaded is not None
        modules = select(self.bench.loaded.modules, "mlp.down_proj@1-2")
        job = Job(facts(number), facts(warmup, "warm-up"), (), ("Some text to be read.",))
        return Order(self.session, job, recipe, modules, "test", afresh)

    def start(self, order: Order) -> None:
        self.runner.start(partial(self.bench.run, order))

    def until(self, wanted: Callable[[RunnerEvent], bool]) -> RunnerEvent:
        while True:
            self.told.append(self.runner.events.get(timeout=WAIT_S))
            if wanted(self.told[-1]):
                return self.told[-1]
            assert not isinstance(self.told[-1], JobEnded), self.told[-3:]

    def until_end(self) -> list[RunnerEvent]:
        self.until(lambda e: isinstance(e, JobEnded))
        assert self.runner.join(WAIT_S)
        return self.told

    def run(self, order: Order) -> list[RunnerEvent]:
        self.told = []
        self.start(order)
        return self.until_end()

    def of(self, kind: type) -> list:  # type: ignore[type-arg]
        return [event for event in self.told if isinstance(event, kind)]

    def weights(self) -> torch.Tensor:
        assert self.bench.loaded is not None
        return self.bench.loaded.model.get_submodule("model.layers.1.mlp.down_proj").weight.detach().clone()  # type: ignore[operator]


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.runner.kill()
    assert made.runner.join(WAIT_S)
    made.session.close()


def test_warm_up_then_edit_keeps_every_step_in_the_session(watched: Watched) -> None:
    watched.run(watched.order(0, warmup=4))
    assert [e.facts_done for e in watched.of(WarmupProgressed)] == [2, 4]
    assert watched.bench.rows > 0
    watched.run(watched.order(8))
    assert [e.step for e in watched.of(StepApplied)] == [1, 2, 3, 4]
    # unedited on the first facts, their answers, unedited on all, and all at the end
    assert [e.step for e in watched.of(Evaluated)] == [0, 1, 0, 4]
    assert [(r.reason, r.steps_done) for r in watched.session.runs()] == [("finished", 0), ("finished", 4)]
    assert watched.bench.chain == [1, 2]
    assert isinstance(watched.told[0], RunBegan)
    assert isinstance(watched.told[-1], JobEnded)


def test_pause_lets_probes_in_and_changes_nothing(watched: Watched, tmp_path: Path) -> None:
    other = Watched(tmp_path / "other")
    other.run(other.order(8))
    watched.start(watched.order(8))
    watched.until(lambda e: isinstance(e, StepApplied))
    watched.runner.pause()
    watched.until(lambda e: isinstance(e, PauseChanged) and e.paused)
    assert watched.runner.paused
    base = next_tokens(tiny_model(), PROMPT)
    with watched.bench.original() as model:
        assert next_tokens(model, PROMPT) == base
    with watched.bench.edited() as model:
        assert next_tokens(model, PROMPT) != base
        assert "".join(stream(model, PROMPT, Manner(length=4)))
    watched.runner.resume()
    watched.until_end()
    assert torch.equal(watched.weights(), other.weights())
    other.session.close()


def test_probes_get_in_while_it_runs(watched: Watched) -> None:
    watched.start(watched.order(40))
    watched.until(lambda e: isinstance(e, StepApplied))
    for _ in range(3):
        with watched.bench.original() as model:
            assert next_tokens(model, PROMPT)[0][1] > 0
    assert watched.runner.busy
    watched.runner.stop()
    watched.until_end()


def test_stop_after_step_keeps_it_and_going_on_ends_as_if_nothing_had_been(
    watched: Watched, tmp_path: Path
) -> None:
    watched.start(watched.order(8))
    watched.until(lambda e: isinstance(e, StepApplied))
    watched.runner.stop_after_step()
    watched.until_end()
    [ended] = watched.of(RunEnded)
    assert ended.reason is EndReason.STOPPED
    assert 1 <= ended.steps_done < 4
    watched.told = []
    watched.runner.start(partial(watched.bench.go_on, watched.session, 1))
    watched.until_end()
    assert watched.of(RunBegan)[0].steps_before == ended.steps_done
    other = Watched(tmp_path / "other")
    other.run(other.order(8))
    assert torch.equal(watched.weights(), other.weights())
    other.session.close()


def test_stop_after_step_stops_a_warm_up(watched: Watched) -> None:
    watched.start(watched.order(0, warmup=4))
    watched.until(lambda e: isinstance(e, WarmupProgressed))
    watched.runner.stop_after_step()
    watched.until_end()
    assert watched.of(RunEnded)[0].reason is EndReason.STOPPED or len(watched.of(WarmupProgressed)) == 2


def test_returning_to_before_a_run_brings_its_state_back(watched: Watched) -> None:
    before = watched.weights()
    watched.run(watched.order(0, warmup=4))
    rows = watched.bench.rows
    watched.run(watched.order(8))
    assert not torch.equal(watched.weights(), before)
    assert watched.bench.return_to(watched.session, [1])
    assert torch.equal(watched.weights(), before)
    assert watched.bench.rows == rows
    watched.bench.return_to(watched.session, [])
    assert watched.bench.rows == 0


def test_another_step_size_takes_the_statistics_over(watched: Watched) -> None:
    watched.run(watched.order(0, warmup=4))
    rows = watched.bench.rows
    changed = watched.order(2, recipe=RECIPE.with_(step_size=0.01))
    assert not watched.bench.why_afresh(changed.recipe, changed.modules)
    watched.run(changed)
    assert watched.bench.rows > rows
    assert watched.bench.why_afresh(RECIPE.with_(scope="shape"), changed.modules)
    watched.run(watched.order(2, recipe=RECIPE.with_(scope="shape"), afresh=True))
    assert len(watched.bench.chain) == 1


@pytest.mark.parametrize("changes", [{"memory": 0.0}, {"warmup_memory": 2.0}])
def test_settings_that_the_state_cannot_follow_are_refused_and_change_nothing(
    watched: Watched, changes: dict[str, float]
) -> None:
    watched.run(watched.order(0, warmup=4))
    watched.run(watched.order(2))
    before, rows = watched.weights(), watched.bench.rows
    other = RECIPE.with_(**changes)
    modules = watched.order().modules
    why = watched.bench.why_afresh(other, modules)
    assert why in ("Edit memory changed", "Warm-up memory changed")
    watched.run(watched.order(2, recipe=other))
    assert why in watched.of(JobFailed)[0].sentence
    assert torch.equal(watched.weights(), before)
    assert (watched.bench.rows, watched.bench.chain, len(watched.session.runs())) == (rows, [1, 2], 2)
    watched.run(watched.order(2, recipe=other, afresh=True))
    assert watched.bench.chain == [3]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OutOfMemory("The memory ran out."), True),
        (NonFinite("The shift is not finite.", module="m"), True),
        (DiskFull("The disk is full."), True),
        (ZeroDivisionError("a bug"), False),
    ],
)
def test_a_failure_in_a_step_keeps_the_last_good_state(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, error: Exception, expected: bool
) -> None:
    good: list[torch.Tensor] = []
    failures = [error]
    real = Editor.apply

    def fail_in_third(self: Editor, shifts: dict, traced: object = None) -> None:  # type: ignore[type-arg]
        if len(good) == 2 and failures:
            first = next(iter(shifts))
            real(self, {first: shifts[first]}, traced)  # type: ignore[arg-type]
            raise failures.pop()
        real(self, shifts, traced)  # type: ignore[arg-type]
        good.append(watched.weights())

    monkeypatch.setattr(Editor, "apply", fail_in_third)
    watched.run(watched.order(8))
    [failed] = watched.of(JobFailed)
    assert failed.expected is expected
    assert expected or str(log_path()) in failed.sentence
    assert type(error).__name__ in failed.details
    assert "last whole step" in failed.kept
    assert torch.equal(watched.weights(), good[1])
    assert watched.session.runs()[0].reason == "failed"
    watched.told = []
    watched.runner.start(partial(watched.bench.go_on, watched.session, 1))
    watched.until_end()
    assert watched.of(RunEnded)[0].reason is EndReason.FINISHED


def test_a_job_that_cannot_begin_is_told_and_the_next_one_runs(watched: Watched) -> None:
    bad = watched.order(2)
    broken = Order(bad.session, Job((Fact("", "x"),)), bad.recipe, bad.modules, "broken")
    told = watched.run(broken)
    assert isinstance(told[-2], JobFailed)
    watched.run(watched.order(2))
    assert watched.of(RunEnded)[0].reason is EndReason.FINISHED


def test_two_hundred_runs_leave_no_thread(watched: Watched) -> None:
    before = threading.active_count()

    def work(control: Control) -> Iterator[StepApplied]:
        while not control.is_set():
            pass
        yield from ()

    for _ in range(200):
        watched.runner.start(work)
        watched.runner.stop()
        watched.until_end()
    assert threading.active_count() == before
