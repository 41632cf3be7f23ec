"""The wizard's first page: the file, how it is read, and what its first rows become."""

from pathlib import Path
from typing import Literal

from PySide6.QtCore import QSettings, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
    QWizardPage,
)

from workbench.desktop.facts.importing.mapping_store import recall, remember
from workbench.desktop.facts.importing.mapping_table import MappingTable
from workbench.desktop.facts.importing.samples import SampleTable, described
from workbench.desktop.facts.widgets import choice_box, label_of, named, plain_label, push_button
from workbench.desktop.theme import mark
from workbench.errors import WorkbenchError
from workbench.facts import FileSummary, ImportOptions, Mapping, guess, inspect

FOLDER = "facts/import-folder"
FILTER = "Fact files (*.csv *.tsv *.tab *.txt *.json *.jsonl *.ndjson);;All files (*)"
INVITATION = (
    "Choose a CSV, JSON or JSON Lines file, or drop one here.\n"
    "Tables with columns of your own can be mapped; the published benchmarks are recognised by their fields."
)
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with mark",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 little endian",
    "utf-16-be": "UTF-16 big endian",
    "cp1252": "Windows-1252",
    "latin-1": "Latin-1",
    "cp1251": "Windows-1251 (Cyrillic)",
    "shift_jis": "Shift JIS",
    "gb18030": "GB 18030",
}
DELIMITERS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Vertical bar"}
TARGETS = {
    "alt": "alt: a made-up answer, which the edit teaches",
    "answers": "answers: the true answer, which the edit restores",
}


class PathField(QLineEdit):
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter takes the path, and leaves the wizard where it is so that its preview is seen."""
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()


class FilePage(QWizardPage):
    """``path``, ``options`` and ``summary`` say what was chosen; ``summary`` is None while no file can be read."""

    def __init__(self, settings: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.path: Path | None = None
        self.options = ImportOptions()
        self.summary: FileSummary | None = None
        self._mapping: Mapping | None = None
        self._filling = False
        self._make_choices()
        self._make_views()
        self._lay_out()
        self._show_choices()
        self._show_rows()

    def _make_choices(self) -> None:
        self.file = named(PathField(placeholderText="Choose a file or drop it here"), "import-file", "File")
        self.file.editingFinished.connect(self._typed)
        self.browse = push_button("Choose…", "import-browse")
        self.browse.clicked.connect(self._browse)
        self.form = choice_box("import-form", "Read as")
        self.encoding = choice_box("import-encoding", "Encoding")
        self.delimiter = choice_box("import-delimiter", "Delimiter")
        self.target = choice_box("import-target", "Target")
        for key, title in TARGETS.items():
            self.target.addItem(title, key)
        self.header = named(QCheckBox("The first row names the columns"), "import-header")
        self.header.setChecked(True)
        for box in (self.form, self.encoding, self.delimiter, self.target):
            box.activated.connect(self._choose)
        self.header.clicked.connect(self._choose)

    def _make_views(self) -> None:
        self.recognised = plain_label(name="import-recognised")
        self.problem = plain_label(name="import-problem")
        self.invitation = plain_label(INVITATION, role="dim")
        self.invitation.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.rows_title = plain_label(role="group")
        self.rows = MappingTable()
        self.rows.mapped.connect(self._map)
        self.sample_title = plain_label("They become these facts", role="group")
        self.sample = SampleTable()

    def _lay_out(self) -> None:
        top = _row(self.file, self.browse)
        top.setStretch(0, 1)
        self._labels = {box: label_of(box) for box in (self.form, self.encoding, self.delimiter, self.target)}
        self._reading = QWidget()
        reading = _row(
            self._labels[self.form], self.form, self._labels[self.encoding], self.encoding,
            self._labels[self.delimiter], self.delimiter, self.header,
        )  # fmt: skip
        reading.addStretch(1)
        reading.setContentsMargins(0, 0, 0, 0)
        self._reading.setLayout(reading)
        self._asking = QWidget()
        asking = _row(self._labels[self.target], self.target)
        asking.addStretch(1)
        asking.setContentsMargins(0, 0, 0, 0)
        self._asking.setLayout(asking)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(top)
        for widget in (self.recognised, self._reading, self._asking, self.problem):
            column.addWidget(widget)
        for widget in (self.rows_title, self.rows, self.sample_title):
            column.addWidget(widget)
        column.addWidget(self.sample, 100)
        column.addWidget(self.invitation, 100)
        column.addStretch(1)

    def open(self, path: Path) -> None:
        """Starts over with another file."""
        self.path, self.options, self._mapping = path, ImportOptions(), None
        self.file.setText(str(path))
        self._settings.setValue(FOLDER, str(path.parent))
        self._look()
        columns = self.summary.columns if self.summary else ()
        if self.summary and not self.summary.form and (known := recall(self._settings, columns)):
            self._map(known)

    def remember_mapping(self) -> None:
        if self.summary and self._mapping:
            remember(self._settings, self.summary.columns, self._mapping)

    def isComplete(self) -> bool:
        return self.summary is not None and not self.summary.problem

    @Slot()
    def _typed(self) -> None:
        text = self.file.text().strip()
        if text and (text != str(self.path) or self.summary is None):
            self.open(Path(text).expanduser())

    @Slot()
    def _browse(self) -> None:
        folder = str(self._settings.value(FOLDER, ""))
        name, _ = QFileDialog.getOpenFileName(self, "Import facts", folder, FILTER)
        if name:
            self.open(Path(name))

    @Slot()
    def _choose(self) -> None:
        if self._filling:
            return
        own = self.form.currentData() == "own"
        target: Literal["alt", "answers"] = "answers" if self.target.currentData() == "answers" else "alt"
        if not own or self.sender() in (self.delimiter, self.encoding, self.header):
            self._mapping = None  # the columns may be others now
        if own and self._mapping is None and self.summary and self.summary.format != "csv":
            self._mapping = guess(self.summary.columns, table=False)
        self.options = ImportOptions(
            encoding=str(self.encoding.currentData() or ""),
            delimiter=str(self.delimiter.currentData() or ""),
            header=self.header.isChecked(),
            mapping=self._mapping,
            target=target,
        )
        self._look()

    @Slot(object)
    def _map(self, mapping: Mapping) -> None:
        self._mapping = mapping
        self.options = ImportOptions(
            encoding=self.options.encoding,
            delimiter=self.options.delimiter,
            header=self.options.header,
            target=self.options.target,
            mapping=mapping,
        )
        self._look()

    def _look(self) -> None:
        sentence = ""
        self.summary = None
        try:
            if self.path is not None:
                self.summary = inspect(self.path, self.options)
        except WorkbenchError as error:
            sentence = str(error)
        except Exception as error:  # whatever a file holds, the wizard stays open
            sentence = f"{self.path}: it cannot be read ({error}): choose another file."
        if self.summary and self.summary.problem:
            sentence = f"{self.summary.path.name}: {self.summary.problem}"
        self.problem.setText(sentence)
        mark(self.problem, level="bad")
        self._show_choices()
        self._show_rows()
        self.completeChanged.emit()

    def _show_choices(self) -> None:
        summary = self.summary
        self._filling = True
        self.problem.setVisible(bool(self.problem.text()))
        self.recognised.setVisible(summary is not None)
        readable = summary is not None or (self.path is not None and self.options.encoding != "")
        self._reading.setVisible(readable)
        table = summary is None or summary.format == "csv"
        for widget in (self._labels[self.delimiter], self.delimiter, self.header):
            widget.setVisible(table)
        for box in (self._labels[self.form], self.form):
            box.setVisible(not table)
        self._asking.setVisible(summary is not None and bool(summary.targets))
        if summary is not None:
            self.recognised.setText("\n".join((described(summary), *summary.notes)))
            self._fill_form(summary)
            _fill(self.encoding, ENCODINGS, summary.encoding)
            _fill(self.delimiter, DELIMITERS, summary.delimiter)
        self._filling = False

    def _fill_form(self, summary: FileSummary) -> None:
        if summary.form or not self.options.mapping:
            self.form.clear()
            if summary.form:
                self.form.addItem(summary.title, "")
            self.form.addItem("Fields of its own", "own")
        self.form.setCurrentIndex(self.form.findData("" if summary.form else "own"))

    def _show_rows(self) -> None:
        summary = self.summary
        for widget in (self.rows_title, self.rows, self.sample_title, self.sample):
            widget.setVisible(summary is not None)
        self.invitation.setVisible(summary is None)
        self.invitation.setText("" if self.problem.text() else INVITATION)
        if summary is None:
            return
        mapping = None if summary.form else summary.mapping
        title = "First rows of the file; say above each column what it holds"
        self.rows_title.setText("First rows of the file" if mapping is None else title)
        self.rows.show_rows(summary.columns, summary.rows, mapping, summary.format == "csv")
        self.sample.show_sample(summary.sample)
        for widget in (self.sample_title, self.sample):
            widget.setVisible(bool(summary.sample))


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for widget in widgets:
        row.addWidget(widget)
    return row


def _fill(box: QComboBox, titles: dict[str, str], chosen: str) -> None:
    """The title of an unlisted choice is the choice itself."""
    box.clear()
    for key, title in titles.items():
        box.addItem(title, key)
    if chosen not in titles:
        box.addItem(chosen, chosen)
    box.setCurrentIndex(box.findData(chosen))
