"""Reads with the unedited model, while nothing else runs, what the first run would wait for."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from workbench.desktop.background import Background, Tell
from workbench.editing.events import Phase, Progressed
from workbench.errors import WorkbenchError
from workbench.facts.fact import Fact
from workbench.runner.bench import Bench
from workbench.storage.log_file import unforeseen

if TYPE_CHECKING:
    from workbench.editing.recipe import Recipe
    from workbench.models.loaded import LoadedModel
    from workbench.models.modules import EditableModule

_log = logging.getLogger("workbench")

REST_MS = 1_000  # without a change before reading begins
_READ = {Phase.WARMUP: "the warm-up"}  # in words; of every other phase: ordinary text


@dataclass(frozen=True, slots=True)
class Request:
    """What a run that is started now would be given. ``warmup``: empty for the facts that come with the workbench."""

    loaded: "LoadedModel"
    modules: "Sequence[EditableModule]"
    recipe: "Recipe"
    warmup: tuple[Fact, ...]


class Ahead(QObject):
    said = Signal(str)  # what is being read and how far; empty: nothing

    def __init__(self, bench: Bench, wanted: Callable[[], Request | None], parent: QObject) -> None:
        """``wanted``: None while something else goes on, or where there is nothing to be read."""
        super().__init__(parent)
        self.enabled, self.threads = True, 0
        self.words = ""
        self._bench, self._wanted = bench, wanted
        self._reading: Request | None = None  # or read
        self._work = Background(self)
        self._work.progressed.connect(self._tell)
        self._work.finished.connect(self._ended)
        self._work.failed.connect(self._failed)
        self._soon = QTimer(self, singleShot=True, interval=REST_MS)
        self._soon.timeout.connect(self._begin)

    @property
    def busy(self) -> bool:
        return self._work.busy

    def follow(self, may: bool) -> None:
        """Called after every change; ``may``: nothing else needs the model. Never waits."""
        if may and self.enabled:
            self._soon.start()
            return
        self._soon.stop()
        if self._work.busy:
            self._work.drop()
            self._reading = None
            self._say("")

    def close(self) -> None:
        """Waits for a minibatch at most."""
        self.enabled = False
        self._soon.stop()
        self._work.close()

    @Slot()
    def _begin(self) -> None:
        request = self._wanted()
        if request is None or request == self._reading:
            return
        self._reading = request
        bench, threads = self._bench, self.threads

        def work(tell: Tell, cancel: Event) -> object:
            _read(bench, request, threads, tell, cancel)
            return None

        self._work.start(work)

    @Slot(object)
    def _tell(self, event: Progressed) -> None:
        what = _READ.get(event.phase, "ordinary text")
        self._say(f"preparing {what}: {event.done:,} of {event.total:,}")

    @Slot()
    def _ended(self) -> None:
        self._say("")

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        """Nobody asked for it: a run that needs it says what is wrong."""
        self._say("")
        if isinstance(error, WorkbenchError):
            _log.info("Reading ahead ended: %s", error)
        else:
            unforeseen(error, "Reading ahead")

    def _say(self, words: str) -> None:
        self.words = words
        self.said.emit(words)


def _read(bench: Bench, request: Request, threads: int, tell: Tell, cancel: Event) -> None:
    from workbench.editing.job import Job
    from workbench.facts.starter import warmup_facts
    from workbench.models.machine import give_way
    from workbench.runner.control import GatedControl
    from workbench.storage.places import cache_folder

    class Droppable(GatedControl):
        def is_set(self) -> bool:
            return super().is_set() or cancel.is_set()

    control = Droppable(bench.gate, tell)
    control.look = give_way(threads).look
    cache = cache_folder()
    facts = request.warmup or warmup_facts()
    job = Job((), facts, text_cache=cache / "texts", row_cache=cache / "rows")
    bench.read_ahead(job, request.recipe, request.modules, control)
