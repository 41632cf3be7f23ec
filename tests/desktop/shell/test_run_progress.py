"""Counts, rate, time left and words of a run, from made-up events."""

import numpy as np

from tests.desktop.plots.made_up import evaluated, module_names, step_event
from workbench.desktop.run.progress import RunProgress, time_in_words
from workbench.desktop.run.stages import Stage
from workbench.editing.events import (
    EndReason,
    PassDone,
    Phase,
    Progressed,
    RunEnded,
    RunStarted,
    WarmupProgressed,
)
from workbench.runner.events import PauseChanged, RunBegan

NAMES = module_names(2)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def begun(clock: Clock, facts: int = 2_000) -> RunProgress:
    progress = RunProgress(clock)
    progress.add(RunBegan(3, "StableEdit", warming_up=False))
    progress.add(RunStarted(facts, 0, facts // 100, NAMES, 578))
    return progress


def do_steps(progress: RunProgress, clock: Clock, steps: range, seconds: float = 2.0) -> None:
    random = np.random.default_rng(0)
    for step in steps:
        clock.now += seconds
        progress.add(step_event(random, step, NAMES, total=2_000))


def test_the_time_left_is_told_after_five_steps() -> None:
    clock = Clock()
    progress = begun(clock)
    do_steps(progress, clock, range(1, 5))
    assert progress.rate() == 50
    assert progress.seconds_left() is None
    do_steps(progress, clock, range(5, 6))
    assert progress.count() == "500 of 2,000 facts"
    assert progress.seconds_left() == 30
    assert progress.pace() == "50 facts/s"
    assert progress.times() == "10 s, about 30 s left"


def test_the_time_left_counts_the_scoring_at_the_end() -> None:
    clock = Clock()
    progress = begun(clock)
    do_steps(progress, clock, range(1, 2))
    progress.add(evaluated(0))
    progress.add(Progressed(Phase.BASELINE, 1, 10, "passes"))
    clock.now += 8
    progress.add(Progressed(Phase.BASELINE, 10, 10, "passes"))
    progress.add(evaluated(0))
    do_steps(progress, clock, range(2, 7))
    assert progress.seconds_left() == 28 + 8
    do_steps(progress, clock, range(7, 21))
    progress.add(Progressed(Phase.EVALUATION, 5, 10, "passes"))
    assert progress.seconds_left() == 4
    progress.add(RunEnded(EndReason.FINISHED, 2_000, 20, 55.0))
    assert progress.times() == "took 55 s"


def test_the_checklist_says_what_is_done_what_goes_on_and_what_is_to_come() -> None:
    clock = Clock()
    progress = begun(clock, facts=300)

    def lines() -> list[tuple[str, str]]:
        return [(item.words, item.standing.value) for item in progress.stages.items()]

    assert lines() == [("Read text", "now"), ("Edit, 3 steps", "to come"), ("Score", "to come")]
    progress.add(Progressed(Phase.PROTECTION, 10, 10, "texts"))
    assert lines() == [("Read text", "done"), ("Edit 1 of 3", "now"), ("Score", "to come")]
    do_steps(progress, clock, range(1, 2))
    for event in (Progressed(Phase.BASELINE, 4, 10, "passes"), Progressed(Phase.EVALUATION, 1, 10, "passes")):
        progress.add(event)
        assert lines()[1] == ("Edit 2 of 3", "now")
        assert progress.stages.items()[1].detail == "scoring"
        progress.add(evaluated(0))
        assert progress.stages.items()[1].detail != "scoring"
    do_steps(progress, clock, range(2, 4))
    assert lines()[1:] == [("Edit 3 of 3", "done"), ("Score", "now")]
    progress.add(RunEnded(EndReason.FINISHED, 300, 3, 9.0))
    assert {standing for _, standing in lines()} == {"done"}


def test_each_pass_tells_how_many_facts_have_taken() -> None:
    progress = begun(Clock())
    progress.add(Progressed(Phase.EDITING, 1, 16, "facts"))
    assert progress.headline() == "Editing"
    progress.add(PassDone(2, 16, taken=37, facts=100))
    assert progress.headline() == "Editing: 37 of 100 taken after pass 2 of 16"
    do_steps(progress, Clock(), range(1, 2))
    assert progress.headline() == "Editing"


def test_of_a_single_step_the_last_stage_ends_with_the_last_scores() -> None:
    progress = begun(Clock(), facts=100)
    do_steps(progress, Clock(), range(1, 2))
    for event in (evaluated(0), Progressed(Phase.EVALUATION, 10, 10, "passes"), evaluated(1), evaluated(0)):
        progress.add(event)
        assert progress.stages.now() is Stage.AFTER
    progress.add(Progressed(Phase.EVALUATION, 5, 10, "passes"))
    assert progress.stages.part == 0.5


def test_a_run_that_is_continued_scores_the_unedited_model_first() -> None:
    progress = RunProgress(Clock())
    progress.add(RunBegan(1, "StableEdit", warming_up=False, steps_before=1))
    progress.add(RunStarted(300, 0, 3, NAMES, 10, sizes=(100, 100, 100), steps_done=1, facts_done=100))
    assert [item.words for item in progress.stages.items()][:2] == ["Read text", "Score before"]


def test_the_bar_never_begins_again() -> None:
    clock = Clock()
    progress = begun(clock, facts=300)
    random, shares = np.random.default_rng(0), [progress.share()]
    before = (Phase.TEXT, Phase.PROTECTION, Phase.BASELINE)
    phases = [Progressed(phase, done, 4, "texts") for phase in before for done in (1, 4)]
    steps = [
        event
        for step in (1, 2, 3)
        for event in (
            Progressed(Phase.EDITING, 1, 2, "facts"),
            step_event(random, step, NAMES, total=300),
            Progressed(Phase.EVALUATION, 1, 4, "passes"),
            Progressed(Phase.EVALUATION, 4, 4, "passes"),
            evaluated(step),
        )
    ]
    for event in (*phases, evaluated(0), *steps, RunEnded(EndReason.FINISHED, 300, 3, 9.0)):
        progress.add(event)
        shares.append(progress.share())
    assert shares == sorted(shares)  # type: ignore[type-var]
    assert (shares[0], shares[-1]) == (0, 1)


def test_a_pause_and_scoring_count_neither_for_the_rate_nor_for_the_time_left() -> None:
    clock = Clock()
    progress = begun(clock)
    do_steps(progress, clock, range(1, 7))
    progress.add(PauseChanged(True))
    assert progress.headline() == "Paused"
    clock.now += 1_000
    progress.add(PauseChanged(False))
    do_steps(progress, clock, range(7, 9))
    assert progress.rate() == 50
    clock.now += 500
    progress.add(Progressed(Phase.EVALUATION, 9, 10, "passes"))
    assert progress.headline() == "Scoring"
    progress.add(Progressed(Phase.EVALUATION, 10, 10, "passes"))
    progress.add(evaluated(8))
    do_steps(progress, clock, range(9, 15))
    assert progress.rate() == 50


def test_scores_are_kept_before_and_after() -> None:
    progress = begun(Clock())
    progress.add(evaluated(0))
    assert progress.after is None
    progress.add(evaluated(4))
    assert progress.before is not None
    assert progress.after is not None
    assert progress.scored_step == 4


def test_a_warm_up_counts_its_own_facts_and_rows() -> None:
    progress = RunProgress(Clock())
    progress.add(RunBegan(1, "Warm-up", warming_up=True))
    progress.add(RunStarted(0, 1_000, 0, NAMES, 578))
    progress.add(WarmupProgressed(100, 1_000, 130, 578, 4.0, 1.0, weights_changed=False))
    assert progress.count() == "100 of 1,000 facts"
    assert (progress.rows, progress.rows_needed) == (130, 578)
    progress.add(RunEnded(EndReason.STOPPED, 0, 0, 3.0, "Stopped."))
    assert progress.headline() == "Stopped"
    assert progress.message == "Stopped."


def test_times_in_words() -> None:
    assert [time_in_words(s) for s in (0.2, 29, 200, 7_800)] == ["1 s", "29 s", "3 min", "2 h 10 min"]


def test_a_run_that_is_continued_keeps_its_counts_and_scores() -> None:
    clock = Clock()
    progress = begun(clock)
    progress.add(evaluated(0))
    do_steps(progress, clock, range(1, 9))
    progress.add(evaluated(8))
    scores = progress.before, progress.after
    progress.add(RunEnded(EndReason.STOPPED, 800, 8, 16.0, "Stopped."))
    progress.add(RunBegan(3, "StableEdit", warming_up=False, steps_before=8))
    progress.add(RunStarted(2_000, 0, 20, NAMES, 578, (100,) * 20, steps_done=8, facts_done=800))
    assert (progress.count(), progress.step) == ("800 of 2,000 facts", 8)
    assert (progress.before, progress.after, progress.scored_step) == (*scores, 8)
    do_steps(progress, clock, range(9, 12))
    assert progress.rate() == 50


def test_a_warm_up_that_is_continued_keeps_its_count() -> None:
    progress = RunProgress(Clock())
    progress.add(RunBegan(1, "Warm-up", warming_up=True))
    progress.add(RunStarted(0, 1_000, 0, NAMES, 578, warmup_done=300))
    assert progress.count() == "300 of 1,000 facts"
