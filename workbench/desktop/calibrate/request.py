"""What a study in the window works on, and the thread that it works in."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from workbench.desktop.background import Tell, Work
from workbench.editing.control import Control
from workbench.editing.events import Progressed
from workbench.editing.recipe import Recipe
from workbench.facts.fact import Fact

if TYPE_CHECKING:
    from workbench.models.loaded import LoadedModel
    from workbench.studies.calibration import CalibrationSettings

# Gives the model with its unedited weights to one thread at a time; runs and probes wait meanwhile.
ModelProvider = Callable[[Event], "AbstractContextManager[LoadedModel]"]


@dataclass(frozen=True, slots=True)
class StudyRequest:
    """``recipe``: what the person would run, with its modules."""

    model: ModelProvider
    facts: Sequence[Fact]  # to be edited
    warmup: Sequence[Fact]
    recipe: Recipe
    ordinary_text: tuple[str, ...] | None = None
    perplexity_text: tuple[str, ...] | None = None


class CancelControl(Control):
    """Stops where a window's thread asks it to."""

    def __init__(self, cancel: Event, tell: Callable[[Progressed], None]) -> None:
        super().__init__(tell)
        self._cancel = cancel

    def is_set(self) -> bool:
        return self._cancel.is_set()


def text_cache() -> Path:
    """Where text that a model wrote is kept."""
    from workbench.models.places import cache_folder

    return cache_folder() / "texts"


def calibration(request: StudyRequest, settings: "CalibrationSettings") -> Work:
    """Tells Progressed and the events of the calibration; its result is a Calibration."""

    def work(tell: Tell, cancel: Event) -> object:
        from workbench.models.machine import leave_a_core
        from workbench.studies.calibrate import Calibrator
        from workbench.studies.candidates import candidates_for
        from workbench.studies.events import CalibrationEnded

        leave_a_core()
        with request.model(cancel) as loaded:
            calibrator = Calibrator(
                loaded,
                request.warmup,
                request.recipe,
                settings,
                CancelControl(cancel, tell),
                candidates=candidates_for(loaded, request.recipe),
                avoid=request.facts,
                ordinary_text=request.ordinary_text,
                perplexity_text=request.perplexity_text,
                text_cache=text_cache(),
            )
            for event in calibrator.events():
                if isinstance(event, CalibrationEnded):
                    return event.calibration
                tell(event)
        raise AssertionError("a calibration always ends")

    return work
