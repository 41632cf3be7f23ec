"""What a run is to do, and who keeps what it did."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workbench.editing.events import Event, Report, Spending, StepApplied
from workbench.editing.shift import Shift
from workbench.editing.tracing import Traced
from workbench.facts.fact import Fact


@dataclass(frozen=True, slots=True)
class Job:
    """Facts are applied in their order, in the steps of ``step_sizes``."""

    facts: Sequence[Fact]
    warmup: Sequence[Fact] = ()
    ordinary_text: tuple[str, ...] | None = None  # for key protection; None: sampled from the model
    perplexity_text: tuple[str, ...] | None = (
        None  # None: sampled from the model, a part protection never sees
    )
    text_cache: Path | None = None  # folder where sampled text is kept
    row_cache: Path | None = (
        None  # folder where what the unedited model gives for texts and warm-up facts is kept
    )


@dataclass(frozen=True, slots=True)
class Done:
    """What of a run is in the editor already, when it goes on after a stop or a crash."""

    warmup_steps: int = 0
    steps: int = 0
    sizes: tuple[int, ...] = ()  # (steps,) facts of each; empty: those of a new run
    untold: StepApplied | None = None  # the last step, where its success was not read
    answered: bool = False  # whether what the first step's facts say after it is known
    scored: bool = False  # whether the scores due after the last step are known
    minibatch: int = 0  # what memory allowed last; 0: the recipe's
    spending: Spending | None = None  # as the last step left the budget
    skip_next: bool = (
        False  # the step that comes next is skipped where it is not finite, whatever the recipe says
    )


class StepSink(Protocol):
    """Keeps what a run did. All calls return once it is durable; the run goes on only then. Where ``keep_step``
    raises, the sink has put the editor back into the state that it kept last."""

    def keep_start(self) -> None:
        """Once the editor holds all that the first edit starts from."""

    def keep_step(
        self, step: int, warming_up: bool, shifts: dict[str, Shift], traced: Traced, report: Report
    ) -> None:
        """Right after the shifts are in the weights. ``step`` counts from 1 within its kind; warm-up steps that
        leave the weights alone come with no shifts. ``traced`` holds the rows behind the statistics and the memory;
        none for a step that was skipped. ``report``: what is known of it; its event completes that."""

    def keep_event(self, event: Event) -> None:
        """Every event, before it is handed on."""


class NoSink:
    """Keeps nothing."""

    def keep_start(self) -> None: ...

    def keep_step(
        self, step: int, warming_up: bool, shifts: dict[str, Shift], traced: Traced, report: Report
    ) -> None: ...

    def keep_event(self, event: Event) -> None: ...
