"""The parts of a run in their order, and where it is among them. No Qt."""

from dataclasses import dataclass
from enum import Enum

from workbench.editing.events import (
    EndReason,
    Evaluated,
    Phase,
    Progressed,
    RunEnded,
    RunStarted,
    StepApplied,
    StepSkipped,
    WarmupProgressed,
)
from workbench.runner.events import RunnerEvent


class Stage(Enum):
    """Value: its name on the checklist."""

    READ = "Read text"
    BEFORE = "Score before"  # of a run that is continued; another is scored once its first step is in
    WARM_UP = "Warm up"
    EDIT = "Edit"
    AFTER = "Score"


WARM_UP_WEIGHT = 4  # of the whole bar, where reading and scoring count 1 and editing 1 a step


class Standing(Enum):
    DONE = "done"
    NOW = "now"
    AHEAD = "to come"


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the checklist."""

    words: str
    standing: Standing
    detail: str = ""


class Stages:
    def __init__(self) -> None:
        self.list: tuple[Stage, ...] = ()  # empty: nothing is known of the run
        self.at = 0  # index of the one that goes on; len(list): all are done
        self.part = 0.0  # of it, 0 to 1
        self.step = self.steps = 0
        self.scoring = False  # between two steps
        self._unedited = 0  # how often the unedited model's scores are still to come

    def add(self, event: RunnerEvent, warming_up: bool) -> None:
        match event:
            case RunStarted():
                self._start(event, warming_up)
            case Progressed():
                self._progress(event)
            case Evaluated():
                self.scoring = False
                self._unedited -= not event.step
                if not event.step:
                    self._reach(Stage.BEFORE, 1.0)
            case WarmupProgressed() | StepSkipped(warming_up=True):
                self._reach(Stage.WARM_UP, event.facts_done / max(event.facts_total, 1))
            case StepApplied() | StepSkipped():
                self.step = event.step
                self._reach(Stage.EDIT, event.step / max(self.steps, 1))
            case RunEnded(reason=EndReason.FINISHED):
                self.at, self.part = len(self.list), 0.0

    def share(self) -> float:
        """0 to 1 of the whole run; never less than before."""
        weights = [self._weight(stage) for stage in self.list]
        behind = sum(weights[: self.at]) + (weights[self.at] * self.part if self.at < len(weights) else 0)
        return behind / max(sum(weights), 1)

    def now(self) -> Stage | None:
        return self.list[self.at] if self.at < len(self.list) else None

    def items(self) -> list[Item]:
        return [self._item(i, stage) for i, stage in enumerate(self.list)]

    def _item(self, i: int, stage: Stage) -> Item:
        if i < self.at:
            return Item(self._words(stage, self.step), Standing.DONE)
        if i > self.at:
            return Item(self._words(stage, 0), Standing.AHEAD)
        detail = f"{round(100 * self.part)} %" if self.part else ""
        if stage is Stage.EDIT and self.scoring:
            detail = "scoring"
        return Item(self._words(stage, min(self.step + 1, self.steps)), Standing.NOW, detail)

    def _words(self, stage: Stage, step: int) -> str:
        if stage is not Stage.EDIT or self.steps < 2:
            return stage.value
        return f"Edit {step:,} of {self.steps:,}" if step else f"Edit, {self.steps:,} steps"

    def _weight(self, stage: Stage) -> int:
        return {Stage.WARM_UP: WARM_UP_WEIGHT, Stage.EDIT: max(self.steps, 1)}.get(stage, 1)

    def _start(self, event: RunStarted, warming_up: bool) -> None:
        warms_up = warming_up or event.warmup_facts > 0
        edits, again = not warming_up, event.steps_done > 0
        wanted = (True, edits and again, warms_up, edits, edits)
        self.list = tuple(stage for stage, holds in zip(Stage, wanted, strict=True) if holds)
        self.at, self.part, self.scoring = 0, 0.0, False
        self._unedited = 1 if again else 2  # on the first step's facts, then on all
        self.step, self.steps = event.steps_done, event.steps

    def _progress(self, event: Progressed) -> None:
        part = event.done / max(event.total, 1)
        match event.phase:
            case Phase.TEXT:
                self._reach(Stage.READ, part / 2)
            case Phase.PROTECTION:
                self._reach(Stage.READ, (1 + part) / 2)
            case Phase.BASELINE:
                self._reach(Stage.BEFORE, part)
                self.scoring = self.step > 0  # what waited until the first step was in
            case Phase.EDITING:
                self._reach(Stage.EDIT, (self.step + part) / max(self.steps, 1))
            case Phase.EVALUATION if self.step < self.steps or self._unedited > 0:
                self.scoring = True
            case Phase.EVALUATION:
                self._reach(Stage.AFTER, part)

    def _reach(self, stage: Stage, part: float) -> None:
        """Never back; one that is done is left for the next."""
        if stage not in self.list:
            return
        at = self.list.index(stage)
        self.at, self.part = max((self.at, self.part), (at + 1, 0.0) if part >= 1 else (at, part))
        self.scoring = False
