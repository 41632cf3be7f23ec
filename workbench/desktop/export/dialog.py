"""Writing what was made: which kind, where to, and how it went."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event

from PySide6.QtCore import QSize, QTimer, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from workbench.desktop.background import Tell
from workbench.desktop.export.form import ExportForm
from workbench.desktop.export.kind import ExportKind
from workbench.desktop.export.options import Task
from workbench.desktop.widgets import Fold
from workbench.desktop.words import breakable, size_in_words
from workbench.desktop.work_dialog import WorkDialog
from workbench.errors import Cancelled, WorkbenchError

SMALLEST, PROGRESS_HEIGHT = QSize(600, 320), 40
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
        self._task: Task | None = None  # what a kind's own form asked for
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.form)
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

    def choose(self, name: str) -> None:
        """The kind of this name, as if the person had chosen it."""
        self.form.kind_box.setCurrentIndex(self.form.kind_box.findData(name))
        self._choose_kind()

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
        for kind in self._kinds:
            if kind.options is not None:
                kind.options.changed.connect(self._options_changed)
                kind.options.wanted.connect(self._start_task)
        for fold in self.findChildren(Fold):
            fold.toggled.connect(self._fit)

    @Slot()
    def _choose_kind(self) -> None:
        """A destination that the person typed stays; what was written before was of another kind."""
        self._drop_task()
        self._written = None
        self.form.says.say("")
        self.form.show_kind(self.kind)
        self._fit()
        if self.form.field.text() == self._suggested:
            self._suggested = str(_free_name(self._folder, self.kind.file_name))
            self.form.field.setText(self._suggested)
        self._check()
        if self.kind.options is not None and not self.kind.unavailable:
            self.kind.options.show_first()

    @Slot()
    def _fit(self) -> None:
        """As large as the kind's form asks for, and the room of its progress; on a small screen no larger than that."""
        layout = self.layout()
        assert layout is not None
        layout.activate()
        wanted = self.sizeHint().expandedTo(SMALLEST) + QSize(0, PROGRESS_HEIGHT)
        self.resize(wanted.boundedTo(self.screen().availableSize()))

    @Slot()
    def _options_changed(self) -> None:
        """What was written before was of another choice."""
        self._written = None
        self.form.says.say("")
        self.form.show_size(self.kind)
        self._check()

    @Slot(object)
    def _start_task(self, task: Task) -> None:
        """In place of one that is still at work; nothing takes the place of an export."""
        if not self._writing and not self._closing:
            self._task = task
            self.form.says.say("")
            self.start_work(task.work)

    @property
    def _writing(self) -> bool:
        return self.work.busy and self._task is None

    def _drop_task(self) -> None:
        if (task := self._end_task()) is not None:
            self.work.drop()
            task.failed(Cancelled("Stopped; nothing was changed."))

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
        if not self._problem and self.kind.options is not None:
            self._problem = self.kind.options.problem()  # which its own form says
        self._refresh()

    def _what_is_wrong(self) -> str:
        """With the destination, or with the kind whatever the destination."""
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
        if self._problem or self._writing:
            return
        self._drop_task()
        write, destination = self.kind.writer(), self.destination

        def work(tell: Tell, cancel: Event) -> object:
            return write(destination, tell, cancel)

        self._written = None
        self.form.says.say("")
        self.start_work(work)

    def _end_task(self) -> Task | None:
        """The task that has ended, where it was one; its form may then be changed again."""
        task, self._task = self._task, None
        return task

    @Slot(object)
    def _finished(self, result: object) -> None:
        if (task := self._end_task()) is not None:
            if not self.ended():
                self._refresh()
                task.done(result)
            return
        assert isinstance(result, Path)
        self._show_written(result)

    def _show_written(self, written: Path) -> None:
        self._written = written
        size = size_in_words(_size_of(written))
        self.form.show_problem("")
        self.form.says.say(f"Written to {breakable(str(written))} ({size}).", "good")
        self.exported.emit(written)
        if not self.ended():
            self._refresh()

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        task = self._end_task()
        if self.ended():
            return
        self._check()
        if task is not None:
            task.failed(error if isinstance(error, Cancelled) else WorkbenchError(self.sentence_of(error)))
            return
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
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder / self.kind.opens)))

    @Slot()
    def _refresh(self) -> None:
        why = "It is being written." if self._writing else ""
        for kind in self._kinds:
            if kind.options is not None:
                kind.options.set_busy(why)
        self.form.show_state(
            why, self.work.busy, self.stopping, self._problem, done=self._written is not None
        )


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
