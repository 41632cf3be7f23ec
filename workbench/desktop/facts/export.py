"""Facts to a CSV or JSON Lines file, chosen and written from the window."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event

from PySide6.QtCore import QEventLoop, QSettings, Qt, Slot
from PySide6.QtWidgets import QFileDialog, QProgressDialog, QWidget

from workbench.desktop.background import Background, Tell
from workbench.desktop.courtesy import Courteous, courteous
from workbench.desktop.facts.store.columns import facts_in_words
from workbench.desktop.widgets import literal
from workbench.errors import Cancelled, WorkbenchError
from workbench.facts import write_csv, write_jsonl
from workbench.facts.fact import Fact

CSV, LINES = "CSV (*.csv)", "JSON Lines (*.jsonl)"
TELL_EVERY = 500  # facts
FOLDER = "facts/export-folder"

Said = tuple[str, str] | None  # sentence, level; None: the person changed their mind
Write = Callable[[Path, Iterator[Fact]], int]


def export_facts(facts: Sequence[Fact], settings: QSettings, parent: QWidget) -> Said:
    """Asks for the file, writes it with progress, and says what became of it."""
    start = str(Path(str(settings.value(FOLDER, ""))) / "facts.csv")
    name, chosen = QFileDialog.getSaveFileName(
        parent, f"Export {facts_in_words(len(facts))}", start, f"{CSV};;{LINES}"
    )
    if not name:
        return None
    path = Path(name)
    if not path.suffix:
        path = path.with_suffix(".jsonl" if chosen == LINES else ".csv")
    settings.setValue(FOLDER, str(path.parent))
    return write_beside(facts, path, parent)


def write_beside(facts: Sequence[Fact], path: Path, parent: QWidget) -> Said:
    """Keeps the window alive while it writes; the file appears when it is complete."""
    dialog = _Writing(facts, path, parent)
    try:
        return dialog.run()
    finally:
        dialog.deleteLater()


class _Writing(QProgressDialog):
    def __init__(self, facts: Sequence[Fact], path: Path, parent: QWidget) -> None:
        super().__init__(literal(f"Writing {path.name}"), "Cancel", 0, max(len(facts), 1), parent)
        self.setObjectName("export-progress")
        self.setWindowTitle("Export facts")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setMinimumDuration(400)
        write: Write = write_jsonl if path.suffix.lower() in (".jsonl", ".ndjson") else write_csv
        self._path, self._facts, self._write = path, facts, write
        self._said: Said = None
        self._loop = QEventLoop(self)
        self._background = Background(self)
        self._background.progressed.connect(self._show)
        self._background.finished.connect(self._written)
        self._background.failed.connect(self._failed)
        self.canceled.connect(self._cancel)

    def run(self) -> Said:
        self._background.start(self._work)
        self._loop.exec()
        self._background.close()
        self.reset()
        return self._said

    def _work(self, tell: Tell, cancel: Event) -> object:
        with courteous(tell, cancel) as listener:
            return self._write(self._path, _told(self._facts, listener))

    @Slot(object)
    def _written(self, number: int) -> None:
        self._said = f"{facts_in_words(number)} written to {self._path}.", "good"
        self._loop.quit()

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        match error:
            case Cancelled():
                self._said = "The export was cancelled; nothing was written.", "warning"
            case WorkbenchError():
                self._said = str(error), "bad"
            case _:
                self._said = f"Writing failed: {error}.", "bad"
        self._loop.quit()

    @Slot(object)
    def _show(self, written: int) -> None:
        self.setValue(written)

    @Slot()
    def _cancel(self) -> None:
        self._background.cancel()


def _told(facts: Sequence[Fact], listener: Courteous) -> Iterator[Fact]:
    for number, fact in enumerate(facts):
        if number % TELL_EVERY == 0:
            listener(number)
        yield fact
