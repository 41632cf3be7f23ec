"""What a runner tells besides the engine's own events. Frozen, picklable, plain values."""

from dataclasses import dataclass

from workbench.editing.events import Event
from workbench.errors import Unfit


@dataclass(frozen=True, slots=True)
class RunBegan:
    """A run has its place in the session; the engine's RunStarted follows."""

    run: int  # id in the session
    name: str
    warming_up: bool
    steps_before: int = 0  # editing steps that a resumed run had done
    bit_equal: bool = True  # False: rebuilt with other rounding, results may differ in their last digits
    parent: int = 0  # the run that took the last step before its own, of those that it branched from; 0: none


@dataclass(frozen=True, slots=True)
class PauseChanged:
    """``paused``: the run has come to rest between two minibatches."""

    paused: bool


@dataclass(frozen=True, slots=True)
class JobFailed:
    """One sentence for the person, ``details`` for whoever mends it, ``kept`` for what the model now holds."""

    sentence: str
    details: str  # the traceback
    kept: str
    expected: bool  # a WorkbenchError; otherwise a bug
    skippable: bool = False  # a step was not finite: going on without its facts is possible
    unfit: tuple[Unfit, ...] = ()  # facts of the job that the model cannot take; it did not begin


@dataclass(frozen=True, slots=True)
class JobEnded:
    """Always the last event of a job."""


RunnerEvent = Event | RunBegan | PauseChanged | JobFailed | JobEnded
