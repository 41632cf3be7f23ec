"""A dialog that does one long piece of work, and never goes away under it."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QWidget

from workbench.desktop.background import Background, Work
from workbench.desktop.widgets import ProgressRow
from workbench.errors import WorkbenchError
from workbench.storage.log_file import unforeseen_in_words


class WorkDialog(QDialog):
    """Escape and Cancel stop the work first, the next one closes; closing waits until the work has stopped.

    ``work`` tells models.progress.LoadProgressed. Slots for its ``finished`` and ``failed`` begin with ``ended``."""

    broken = Signal(object)  # an exception that is not a WorkbenchError, for the log
    state_changed = Signal()  # started, or asked to stop

    def __init__(self, progress: ProgressRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stopping = self._closing = False
        self._progress = progress
        self.work = Background(self)
        self.work.progressed.connect(self._show_progress)

    def start_work(self, work: Work) -> None:
        self.stopping = False
        self._progress.begin("Starting…")
        self.work.start(work)
        self.state_changed.emit()

    def ended(self) -> bool:
        """Whether the dialog only waited for this to close; it then has."""
        self.stopping = False
        if self._closing:
            super().reject()
        return self._closing

    def sentence_of(self, error: Exception) -> str:
        """What went wrong, for the dialog; a mistake of the program also goes to the log."""
        if isinstance(error, WorkbenchError):
            return str(error)
        self.broken.emit(error)
        return unforeseen_in_words(error, "This")

    def reject(self) -> None:
        if self.work.busy:
            self._stop()
        else:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.work.busy:
            self._closing = True
            self._stop()
            event.ignore()
        else:
            super().closeEvent(event)

    def _stop(self) -> None:
        self.stopping = True
        self.work.cancel()
        self._progress.begin("Stopping…")
        self.state_changed.emit()

    @Slot(object)
    def _show_progress(self, at: object) -> None:
        if not self.stopping:
            self._progress.show_stage(at.stage, at.done, at.total, at.unit)  # type: ignore[attr-defined]
