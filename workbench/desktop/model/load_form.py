"""The load dialog's widgets and how they lie."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLineEdit,
    QProgressBar,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.model.forecast import load_verb, memory_in_words
from workbench.desktop.model.lookup import Choice, Outlook
from workbench.desktop.model.source_list import SourceList
from workbench.desktop.theme import mark
from workbench.desktop.widgets import (
    ProgressRow,
    Sentence,
    clearable,
    label,
    literal,
    permit,
    push_button,
    row,
)

AUTO = Choice("auto", "Auto")
FOLDER_HELP, GGUF_HELP = "Choose a folder in the Hugging Face layout", "Choose a GGUF file"


class LoadForm(QWidget):
    """Shows what it is told; decides nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.field = QLineEdit(
            placeholderText="Part of a name to search for, a hub id, a folder or a GGUF file"
        )
        self.field.setObjectName("model-source")
        self.field.setAccessibleName("Model: part of a name, hub id, folder or GGUF file")
        clearable(self.field)
        self.folder_button = push_button("Folder…", "model-folder", FOLDER_HELP)
        self.gguf_button = push_button("GGUF file…", "model-gguf", GGUF_HELP)
        self.list = SourceList()
        self.says = Sentence("model-says")
        self.device_box = _combo("model-device", "Device")
        self.format_box = _combo("model-format", "Number format")
        self.progress = ProgressRow("model-progress")
        self.phase = Sentence("model-phase")
        self.load_button = push_button("Load model", "model-load")
        self.load_button.setDefault(True)
        mark(self.load_button, primary=True)
        self.cancel_button = push_button("Cancel", "model-cancel")
        self._lay_out()

    def _lay_out(self) -> None:
        choices = row(label("Device", wrap=False), self.device_box)
        choices.addSpacing(12)
        choices.addWidget(label("Number format", wrap=False))
        choices.addWidget(self.format_box)
        choices.addStretch(1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._memory_page())
        self._stack.addWidget(self._progress_page())
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(row(self.field, self.folder_button, self.gguf_button))
        column.addWidget(self.list, 1)
        column.addWidget(self.says)
        column.addLayout(choices)
        column.addWidget(self._stack)
        column.addLayout(row(1, self.cancel_button, self.load_button))

    def _memory_page(self) -> QWidget:
        page = QWidget()
        self.memory = Sentence("model-memory")
        self.memory_bar = QProgressBar(textVisible=False)
        self.memory_bar.setAccessibleName("Share of the free memory that the model takes")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.memory)
        column.addWidget(self.memory_bar)
        column.addStretch(1)
        return page

    def _progress_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.progress)
        column.addWidget(self.phase)
        column.addStretch(1)
        return page

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Down leads from the field into the list."""
        if event.key() == Qt.Key.Key_Down and self.field.hasFocus():
            self.list.enter()
        else:
            super().keyPressEvent(event)

    def show_busy(self, busy: bool, stopping: bool, problem: str) -> None:
        """``problem``: why nothing can be loaded now."""
        why = "A model is being loaded." if busy else ""
        self._stack.setCurrentIndex(1 if busy else 0)
        for part in (self.field, self.list, self.device_box, self.format_box):
            permit(part, why)
        permit(self.folder_button, why, FOLDER_HELP)
        permit(self.gguf_button, why, GGUF_HELP)
        permit(self.load_button, why or problem)
        self.cancel_button.setText("Stop" if busy else "Cancel")
        permit(self.cancel_button, "It stops as soon as it can." if stopping else "")

    def show_outlook(self, outlook: Outlook | None) -> None:
        fits = outlook is None or outlook.fits
        known = outlook is not None and outlook.needed > 0
        self.load_button.setText(load_verb(outlook))
        self.memory.say(memory_in_words(outlook) if outlook else "", "" if fits else "bad")
        self.memory_bar.setVisible(known)
        if outlook is not None and known:
            self.memory_bar.setRange(0, 1_000)
            self.memory_bar.setValue(min(1_000, round(1_000 * outlook.needed / max(outlook.free, 1))))


def _combo(object_name: str, accessible_name: str) -> QComboBox:
    box = QComboBox()
    box.setObjectName(object_name)
    box.setAccessibleName(accessible_name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    fill(box, (AUTO,))
    return box


def fill(box: QComboBox, choices: tuple[Choice, ...]) -> None:
    """Keeps what is chosen where it is still there; what cannot be taken is greyed and says why."""
    before = chosen(box)
    box.clear()
    for choice in choices:
        box.addItem(choice.title, choice.name)
        box.setItemData(box.count() - 1, literal(choice.problem), Qt.ItemDataRole.ToolTipRole)
        if choice.problem:
            box.model().item(box.count() - 1).setEnabled(False)  # type: ignore[attr-defined]
    found = next((i for i, c in enumerate(choices) if c.name == before and not c.problem), 0)
    box.setCurrentIndex(found)


def chosen(box: QComboBox) -> str:
    return str(box.currentData() or AUTO.name)
