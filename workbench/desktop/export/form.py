"""The export dialog's widgets and how they lie."""

from collections.abc import Sequence

from PySide6.QtWidgets import (
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.export.kind import ExportKind
from workbench.desktop.theme import mark
from workbench.desktop.widgets import Fold, ProgressRow, Sentence, clearable, label, permit, push_button, row
from workbench.desktop.words import size_in_words

BROWSE_HELP = "Choose the place in a dialog"


class ExportForm(QWidget):
    """Shows what it is told; decides nothing."""

    def __init__(self, kinds: Sequence[ExportKind]) -> None:
        super().__init__()
        self.kind_box = QComboBox()
        self.kind_box.setObjectName("export-kind")
        self.kind_box.setAccessibleName("What to export")
        for kind in kinds:
            self.kind_box.addItem(kind.title, kind.name)
        self.contents = label("", "dim")
        self.field = QLineEdit()
        clearable(self.field)
        self.field.setObjectName("export-destination")
        self.field.setAccessibleName("Destination")
        self.browse_button = push_button("Browse…", "export-browse", BROWSE_HELP)
        self.problem, self.says = Sentence("export-problem"), Sentence("export-says")
        self.preview = QPlainTextEdit(readOnly=True)
        self.preview.setObjectName("export-preview")
        self.preview.setAccessibleName("Origin stated in the file")
        self.preview.setMinimumHeight(180)
        self.fold = Fold("Origin stated in the file", "export-preview-fold", self.preview)
        self.progress = ProgressRow("export-progress")
        self.open_button = push_button("Open folder", "export-open")
        self.cancel_button = push_button("Cancel", "export-cancel")
        self.export_button = push_button("Export", "export-start")
        self._options = [kind.options for kind in kinds if kind.options is not None]
        self._lay_out()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        if self.kind_box.count() > 1:
            column.addLayout(row(label("Export", wrap=False), self.kind_box, 1))
        else:
            column.addWidget(label(self.kind_box.currentText(), "title"))
        column.addWidget(self.contents)
        for options in self._options:
            column.addWidget(options)
        column.addSpacing(4)
        column.addWidget(label("Destination", "group"))
        column.addLayout(row(self.field, self.browse_button))
        column.addWidget(self.problem)
        column.addWidget(self.fold, 1)
        column.addStretch()
        column.addWidget(self.progress)
        column.addWidget(self.says)
        column.addLayout(row(self.open_button, 1, self.cancel_button, self.export_button))

    def show_kind(self, kind: ExportKind) -> None:
        for options in self._options:
            options.setVisible(options is kind.options and not kind.unavailable)
        self.show_size(kind)
        self.preview.setPlainText(kind.preview)
        self.fold.setVisible(bool(kind.preview))
        self.open_button.setText("Open report" if kind.opens else "Open folder")

    def show_size(self, kind: ExportKind) -> None:
        size = kind.options.bytes() if kind.options is not None else kind.size
        self.contents.setText(f"{kind.contents} About {size_in_words(size)}." if size else kind.contents)

    def show_problem(self, sentence: str) -> None:
        mark(self.field, invalid=bool(sentence))
        self.problem.say(sentence, "bad" if sentence else "")

    def show_state(self, why: str, busy: bool, stopping: bool, problem: str, done: bool) -> None:
        """``why`` nothing may be chosen now; ``problem``: why it cannot be exported now; ``done``: it has been."""
        self.progress.setVisible(busy)
        permit(self.kind_box, why)
        permit(self.field, why)
        permit(self.browse_button, why, BROWSE_HELP)
        permit(self.export_button, why or ("It has been written." if done else problem))
        permit(self.open_button, "" if done else "There is nothing to open before the export.")
        self.open_button.setVisible(done)
        self.cancel_button.setText("Stop" if busy else "Close" if done else "Cancel")
        for button, is_next in ((self.export_button, not done), (self.cancel_button, done)):
            button.setDefault(is_next)
            mark(button, primary=is_next)
        permit(self.cancel_button, "It stops as soon as it can." if stopping else "")
