"""Runs one job at a time in a thread of its own and tells everything through one queue."""

import threading
import traceback
from collections.abc import Callable, Iterator
from queue import SimpleQueue

from workbench.editing.events import Event
from workbench.errors import Cancelled, NonFinite, UnfitFacts, WorkbenchError
from workbench.runner.bench import Bench
from workbench.runner.control import GatedControl
from workbench.runner.events import JobEnded, JobFailed, RunBegan, RunnerEvent
from workbench.storage.log_file import unforeseen

Work = Callable[[GatedControl], Iterator[Event | RunBegan]]


class Runner:
    """Commands may come from any thread; whoever watches takes ``events`` until JobEnded."""

    def __init__(self, bench: Bench, threads: int = 0) -> None:
        """``threads`` for the engine's arithmetic; 0: as many as are the fastest, looked at before each step."""
        self.bench = bench
        self.threads = threads
        self.events: SimpleQueue[RunnerEvent] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._control: GatedControl | None = None
        self._silent = threading.Event()

    @property
    def busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    @property
    def paused(self) -> bool:
        return self.busy and self._control is not None and self._control.paused

    @property
    def stopping(self) -> bool:
        return self.busy and self._control is not None and self._control.stopping

    def start(self, work: Work) -> None:
        """``work`` gets the control and gives the events; it is called in the thread."""
        if self.busy:
            raise RuntimeError("a job is running")
        self.join()
        self._silent.clear()
        self._control = GatedControl(self.bench.gate, self._tell)
        self._thread = threading.Thread(target=self._run, args=(work, self._control), name="engine")
        self._thread.start()

    def pause(self) -> None:
        """Before the next minibatch."""
        if self._control is not None:
            self._control.pause()

    def resume(self) -> None:
        if self._control is not None:
            self._control.resume()

    def stop_after_step(self) -> None:
        """Keeps the step in hand; between steps it stops at once."""
        if self._control is not None:
            self._control.stop_after_step()

    def stop(self) -> None:
        """Before the next minibatch; the step in hand is dropped, those before it are kept."""
        if self._control is not None:
            self._control.stop()

    def kill(self) -> None:
        """Stops and tells nothing any more; for a window that goes."""
        self._silent.set()
        self.stop()

    def join(self, timeout_s: float | None = None) -> bool:
        """Whether no thread is left."""
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            return False
        self._thread = None
        return True

    def _tell(self, event: RunnerEvent) -> None:
        if not self._silent.is_set():
            self.events.put(event)

    def _run(self, work: Work, control: GatedControl) -> None:
        try:
            from workbench.models.machine import give_way

            control.look = give_way(self.threads).look
            for event in work(control):
                self._tell(event)
        except Cancelled:
            pass  # before the run began: a run that began tells its end itself
        except BaseException as error:
            self._tell(self._failure(error))
            traceback.clear_frames(error.__traceback__)  # their locals hold tensors
        finally:
            self._tell(JobEnded())

    def _failure(self, error: BaseException) -> JobFailed:
        expected = isinstance(error, WorkbenchError)
        sentence = str(error) if expected else unforeseen(error, "The engine")
        details = "".join(traceback.format_exception(error))
        unfit = error.unfit if isinstance(error, UnfitFacts) else ()
        return JobFailed(
            sentence, details, self._what_is_kept(), expected, isinstance(error, NonFinite), unfit
        )

    def _what_is_kept(self) -> str:
        if self.bench.editor is None:
            return "The model is unedited; every finished step is in the session."
        return "The model is in the state after the last whole step, and the session holds it."
