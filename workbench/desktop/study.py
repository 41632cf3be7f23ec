"""What a study in the window works on, and the thread that it works in."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from workbench.desktop.background import Tell, Work
from workbench.editing.control import Control
from workbench.editing.events import Progressed
from workbench.editing.recipe import Recipe
from workbench.facts.fact import Fact

if TYPE_CHECKING:
    from workbench.models.loaded import LoadedModel

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
    threads: int = 0  # of the arithmetic; 0: as many as are the fastest


class CancelControl(Control):
    """Stops where a window's thread asks it to."""

    def __init__(self, cancel: Event, tell: Callable[[Progressed], None]) -> None:
        super().__init__(tell)
        self._cancel = cancel

    def is_set(self) -> bool:
        return self._cancel.is_set()


def text_cache() -> Path:
    """Where text that a model wrote is kept."""
    from workbench.storage.places import cache_folder

    return cache_folder() / "texts"


def study_work(
    request: StudyRequest,
    events: "Callable[[LoadedModel, Control], Iterable[Any]]",
    result_of: Callable[[Any], object],
) -> Work:
    """Tells Progressed and the study's events, up to the first of which ``result_of`` gives something: the result."""

    def work(tell: Tell, cancel: Event) -> object:
        from workbench.models.machine import give_way

        control = CancelControl(cancel, tell)
        control.look = give_way(request.threads).look
        with request.model(cancel) as loaded:
            for event in events(loaded, control):
                if (result := result_of(event)) is not None:
                    return result
                tell(event)
        raise AssertionError("a study always ends")

    return work
