"""Where a run stands: phase, counts, rate, time left, scores. Fed with events; no Qt."""

import time
from collections import deque
from collections.abc import Callable

from workbench.desktop.run.stages import Stage, Stages
from workbench.editing.events import (
    EndReason,
    Evaluated,
    MinibatchHalved,
    PassDone,
    Phase,
    Progressed,
    RunEnded,
    RunStarted,
    Spending,
    StepApplied,
    StepSkipped,
    WarmupProgressed,
)
from workbench.evaluation.scores import Scores
from workbench.runner.events import JobEnded, PauseChanged, RunBegan, RunnerEvent

STEPS_BEFORE_ETA = 5
RECENT_STEPS = 20  # that the rate is taken over


class RunProgress:
    """Of one run at a time; ``add`` begins anew at RunBegan."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        self.name = ""
        self.run = 0
        self.running = self.warming_up = self.paused = False
        self.stages = Stages()
        self.seconds = 0.0  # that a run took which has ended
        self._began: float | None = None
        self._scoring_since: float | None = None
        self._scoring_s = 0.0  # that the last scoring took
        self.phase = ""  # in words, of work between steps; empty while steps are done
        self.phase_done = self.phase_total = 0
        self.phase_unit = ""
        self.facts_done = self.facts_total = 0
        self.step = self.steps = 0
        self.step_share = 0.0  # of the step in hand
        self.passed: PassDone | None = None  # the last pass of the step in hand
        self.rows = self.rows_needed = 0
        self.skipped = 0  # facts left out because their step was not finite
        self.minibatch = 0  # what memory allowed, where it was halved
        self.before: Scores | None = None
        self.after: Scores | None = None
        self.scored_step = 0
        self.success: float | None = None  # of the last step's own facts
        self.spending: Spending | None = None
        self.shortened = 0  # steps that the budget cut short
        self.ended: EndReason | None = None
        self.message = ""
        self._marks: deque[tuple[float, int]] = deque(maxlen=RECENT_STEPS + 1)  # (working time, facts done)
        self._rested_s = 0.0
        self._resting_since: float | None = None

    def expect(self, name: str, warming_up: bool) -> None:
        """A run was asked for; its first event is still to come."""
        self.reset()
        self.name, self.warming_up = name, warming_up
        self.running, self.phase = True, "Preparing"
        self._began = self._clock()

    def add(self, event: RunnerEvent) -> None:
        self.stages.add(event, self.warming_up)
        match event:
            case RunBegan():
                self._begin(event)
            case RunStarted():
                self._start(event)
            case Progressed():
                self._in_phase(event)
            case PauseChanged():
                self._pause(event.paused)
            case WarmupProgressed():
                self.phase = ""
                self.facts_done, self.rows, self.rows_needed = event.facts_done, event.rows, event.rows_needed
                self._mark()
            case StepApplied():
                self.phase, self.step_share, self.passed = "", 0.0, None
                self.facts_done, self.step, self.success = event.facts_done, event.step, event.success
                self.spending = event.spending
                self.shortened += event.spending is not None and event.spending.cut < 1
                self._mark()
            case StepSkipped():
                self._skip(event)
            case Evaluated():
                self._scored(event)
            case PassDone():
                self.passed = event
            case MinibatchHalved():
                self.minibatch = event.minibatch
            case JobEnded():
                self.running = self.paused = False
                self.phase = ""
            case RunEnded():
                self.running, self.phase = False, ""
                self.ended, self.message, self.seconds = event.reason, event.message, event.seconds

    def rate(self) -> float | None:
        """Facts a second over the last steps, rests and scoring left out; None before there are two."""
        if len(self._marks) < 2:
            return None
        (began, first), (ended, last) = self._marks[0], self._marks[-1]
        return (last - first) / (ended - began) if ended > began and last > first else None

    def elapsed(self) -> float:
        """Seconds since the run began, or that it took."""
        if self.running and self._began is not None:
            return self._clock() - self._began
        return self.seconds

    def seconds_left(self) -> float | None:
        """To the end of the run, its last scoring as long as the one before; None until enough steps were seen."""
        rate = self.rate()
        enough = min(STEPS_BEFORE_ETA, max(1, self.steps // 4)) if self.steps else STEPS_BEFORE_ETA
        if rate is None or len(self._marks) <= enough or not self.running:
            return None
        scoring = self._scoring_s
        if self.stages.now() is Stage.AFTER:
            scoring *= 1 - self.stages.part
        return max(self.facts_total - self.facts_done, 0) / rate + scoring

    def share(self) -> float | None:
        """0 to 1 of the run, or of the way back; None where nobody can tell."""
        if self.stages.list:
            return self.stages.share()
        return self.phase_done / self.phase_total if self.phase and self.phase_total else None

    def headline(self) -> str:
        """``Editing``, ``Paused``, ``Scoring the unedited model``…"""
        if not self.running:
            return "Ready" if self.ended is None else self.ended.value.capitalize()
        if self.paused:
            return "Paused"
        if self.phase or self.warming_up or self.passed is None:
            return self.phase or ("Warming up" if self.warming_up else "Editing")
        done = self.passed
        return f"Editing: {done.taken:,} of {done.facts:,} taken after pass {done.number} of {done.passes}"

    def state(self) -> str:
        """Of the model, ``run 2, step 3``; empty while the run that was asked for has not begun."""
        if not self.run:
            return "" if self.running else "before any step"
        return f"run {self.run}, " + ("warm-up" if self.warming_up else f"step {self.step:,}")

    def count(self) -> str:
        """``1,300 of 20,000 facts``."""
        return f"{self.facts_done:,} of {self.facts_total:,} facts" if self.facts_total else ""

    def pace(self) -> str:
        """``62 facts/s``; empty where it is not known."""
        rate = self.rate()
        if rate is None or not self.running:
            return ""
        return f"{rate:,.1f} facts/s" if rate < 10 else f"{rate:,.0f} facts/s"

    def times(self) -> str:
        """``12 s, about 29 s left``, or what a run took that has ended."""
        elapsed, left = self.elapsed(), self.seconds_left()
        if not elapsed:
            return ""
        said = time_in_words(elapsed)
        if not self.running:
            return f"took {said}"
        return said if left is None else f"{said}, about {time_in_words(left)} left"

    def _begin(self, event: RunBegan) -> None:
        same = event.run == self.run
        scores = (self.before, self.after, self.scored_step) if same else (None, None, 0)
        self.expect(event.name, event.warming_up)
        self.run, self.step = event.run, event.steps_before
        self.before, self.after, self.scored_step = scores

    def _start(self, event: RunStarted) -> None:
        self.steps, self.rows_needed = event.steps, event.rows_needed
        self.facts_total, self.facts_done = event.facts, event.facts_done
        if self.warming_up:
            self.facts_total, self.facts_done = event.warmup_facts, event.warmup_done
        self._mark()

    def _skip(self, event: StepSkipped) -> None:
        self.phase, self.step_share, self.facts_done = "", 0.0, event.facts_done
        self.passed = None
        if not event.warming_up:
            self.step, self.success = event.step, None
        self.skipped += event.facts
        self._mark()

    def _in_phase(self, event: Progressed) -> None:
        if event.phase is Phase.EDITING:
            self.phase, self.step_share = "", event.done / max(event.total, 1)
            return
        self.phase = event.phase.value[:1].upper() + event.phase.value[1:]
        self.phase_done, self.phase_total, self.phase_unit = event.done, event.total, event.unit
        if event.phase in (Phase.BASELINE, Phase.EVALUATION) and self._scoring_since is None:
            self._scoring_since = self._clock()
        if event.done >= event.total:
            self.phase = "" if event.phase in (Phase.BASELINE, Phase.EVALUATION) else self.phase
            self._marks.clear()
            self._mark()

    def _pause(self, paused: bool) -> None:
        self.paused = paused
        if paused:
            self._resting_since = self._clock()
        elif self._resting_since is not None:
            self._rested_s += self._clock() - self._resting_since
            self._resting_since = None

    def _mark(self) -> None:
        self._marks.append((self._clock() - self._rested_s, self.facts_done))

    def _scored(self, event: Evaluated) -> None:
        if self._scoring_since is not None:
            self._scoring_s, self._scoring_since = self._clock() - self._scoring_since, None
        if event.step:
            self.after, self.scored_step = event.scores, event.step
        else:
            self.before = event.scores


def time_in_words(seconds: float) -> str:
    """``29 s``, ``4 min``, ``2 h 10 min``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
