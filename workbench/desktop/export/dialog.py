"""Writing what was made: which kind, where to, and how it went."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event

from PySide6.QtCore import QTimer, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from workbench.desktop.background import Tell
from workbench.desktop.export.form import ExportForm
from workbench.desktop.export.kind import ExportKind
from workbench.desktop.words import breakable, size_in_words
from workbench.desktop.work_dialog import WorkDialog
from workbench.errors import Cancelled, WorkbenchError

PAUSE_MS = 150  # of typing, before the destination is looked at
ABSOLUTE = "Give the whole path, from the root on."


class ExportDialog(WorkDialog):
    """``kinds``: at least one. ``folder``: where its suggestion lies at first."""

    exported = Signal(object)  # Path

    def __init__(self, kinds: Sequence[ExportKind], folder: Path, parent: QWidget | None = None) -> None:
        form = ExportForm(kinds)
        super().__init__(form.progress, parent)
        self.form = form
        self.setObjectName("export-dialog")
        self.setWindowTitle("Export")
        self._kinds, self._folder = tuple(kinds), folder
        self._suggested = ""
        self._problem = ""
        self._written: Path | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.form)
        self.resize(600, 360)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._check)
        self._connect()
        self._choose_kind()

    @property
    def kind(self) -> ExportKind:
        return self._kinds[max(0, self.form.kind_box.currentIndex())]

    @property
    def destination(self) -> Path:
        return Path(self.form.field.text().strip()).expanduser()

    @property
    def written(self) -> Path | None:
        """Where the last export of this dialog lies."""
        return self._written

    def set_destination(self, destination: Path) -> None:
        """As if the person had typed it."""
        self.form.field.setText(str(destination))
        self._check()

    def _connect(self) -> None:
        form = self.form
        form.kind_box.activated.connect(self._choose_kind)
        form.field.textChanged.connect(self._typed)
        form.browse_button.clicked.connect(self._browse)
        form.export_button.clicked.connect(self.start_export)
        form.cancel_button.clicked.connect(self.reject)
        form.open_button.clicked.connect(self._open_folder)
        self.work.finished.connect(self._finished)
        self.work.failed.connect(self._failed)
        self.state_changed.connect(self._refresh)

    @Slot()
    def _choose_kind(self) -> None:
        """A destination that the person typed stays."""
        self.form.show_kind(self.kind)
        if self.form.field.text() == self._suggested:
            self._suggested = str(_free_name(self._folder, self.kind.file_name))
            self.form.field.setText(self._suggested)
        self._check()

    @Slot()
    def _typed(self) -> None:
        """An export that was written before is of another place."""
        self._written = None
        self.form.says.say("")
        self._problem = "The destination is being checked…"
        self._refresh()
        self._pause.start()

    @Slot()
    def _check(self) -> None:
        self._pause.stop()
        self._problem = self._what_is_wrong()
        self.form.show_problem("" if self._written else self._problem)
        self._refresh()

    def _what_is_wrong(self) -> str:
        if self.kind.unavailable:
            return self.kind.unavailable
        if not self.form.field.text().strip():
            return "Choose where to write it."
        if not self.destination.is_absolute():
            return ABSOLUTE
        try:
            self.kind.check(self.destination)
        except WorkbenchError as error:
            return str(error)
        except OSError as error:
            return f"{self.destination} cannot be used ({error.strerror or error}): choose another place."
        return ""

    @Slot()
    def start_export(self) -> None:
        self._check()
        if self._problem or self.work.busy:
            return
        kind, destination = self.kind, self.destination

        def work(tell: Tell, cancel: Event) -> object:
            return kind.write(destination, tell, cancel)

        self._written = None
        self.form.says.say("")
        self.start_work(work)

    @Slot(object)
    def _finished(self, written: Path) -> None:
        self._written = written
        size = size_in_words(_size_of(written))
        self.form.show_problem("")
        self.form.says.say(f"Written to {breakable(str(written))} ({size}).", "good")
        self.exported.emit(written)
        if not self.ended():
            self._refresh()

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        if self.ended():
            return
        self._check()
        if isinstance(error, Cancelled):
            self.form.says.say("Stopped; nothing is left of it.")
        else:
            self.form.says.say(self.sentence_of(error), "bad")

    @Slot()
    def _browse(self) -> None:
        start = str(self.destination.parent if self.destination.is_absolute() else self._folder)
        if self.kind.is_folder:
            chosen = QFileDialog.getExistingDirectory(self, "Export into", start)
            if chosen:
                self.set_destination(_inside(Path(chosen), self.kind.file_name))
            return
        chosen, _ = QFileDialog.getSaveFileName(self, "Export to", str(Path(start, self.kind.file_name)))
        if chosen:
            self.set_destination(Path(chosen))

    @Slot()
    def _open_folder(self) -> None:
        if self._written is not None:
            folder = self._written if self._written.is_dir() else self._written.parent
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    @Slot()
    def _refresh(self) -> None:
        self.form.show_state(self.work.busy, self.stopping, self._problem, done=self._written is not None)


def _free_name(folder: Path, name: str) -> Path:
    """``name`` in ``folder``, with a number where something is there already."""
    stem, dot, suffix = name.partition(".") if "." in name and not name.startswith(".") else (name, "", "")
    candidates = (f"{stem}-{n}{dot}{suffix}" for n in range(2, 1_000))
    try:
        return folder / next((c for c in (name, *candidates) if not (folder / c).exists()), name)
    except OSError:
        return folder / name


def _inside(folder: Path, name: str) -> Path:
    """An empty folder is taken as it is; in any other a new one is suggested."""
    return _free_name(folder, name) if any(folder.iterdir()) else folder


def _size_of(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
