"""The first rows of a file, with a box over each column that says which part of a fact it holds."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from workbench.desktop.facts.table_model import one_line, tip
from workbench.desktop.facts.widgets import ROW_HEIGHT, choice_box, named, set_up_rows
from workbench.facts import Mapping

PARTS = {
    "": "not used",
    "prompt": "Prompt",
    "target": "Target",
    "subject": "Subject",
    "old": "Old answer",
    "rephrases": "Rephrase",
    "locality_prompt": "Locality prompt",
    "locality_answer": "Locality answer",
    "locality_kind": "Locality kind",
    "portability_prompt": "Portability prompt",
    "portability_answer": "Portability answer",
    "portability_kind": "Portability kind",
    "tags": "Tags",
    "key": "Key",
}
WHOLE_PROBES = {"locality": "Locality", "portability": "Portability"}  # fields of JSON records only
SHOWN_ROWS = 5
BOX_HEIGHT = 34  # pixels
WIDTHS = 130, 260  # pixels of a column, least and most


class MappingTable(QTableWidget):
    mapped = Signal(object)  # Mapping, after a choice by the person

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "import-preview", "The first rows of the file")
        set_up_rows(self)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._columns: tuple[str, ...] = ()
        self._mapping: Mapping | None = None
        self._boxes: list[QComboBox] = []

    def show_rows(
        self, columns: Sequence[str], rows: Sequence[Sequence[str]], mapping: Mapping | None, table: bool
    ) -> None:
        """Without ``mapping`` (a recognised form decides) there are no boxes."""
        self._columns, self._mapping = tuple(columns), mapping
        top = int(mapping is not None)
        shown = rows[:SHOWN_ROWS]
        self.clear()
        self._boxes = []
        self.setColumnCount(len(columns))
        self.setRowCount(top + len(shown))
        for column, name in enumerate(columns):
            header = QTableWidgetItem(one_line(name))
            header.setToolTip(tip(name))
            self.setHorizontalHeaderItem(column, header)
        for row, cells in enumerate(shown, top):
            self.setRowHeight(row, ROW_HEIGHT)
            for column, cell in enumerate(cells):
                item = QTableWidgetItem(one_line(cell))
                item.setToolTip(tip(cell))
                self.setItem(row, column, item)
        if mapping is not None:
            self._add_boxes(mapping, table)
        self._fit(len(shown))

    def _add_boxes(self, mapping: Mapping, table: bool) -> None:
        self.setRowHeight(0, BOX_HEIGHT)
        parts = PARTS if table else PARTS | WHOLE_PROBES
        for column, name in enumerate(self._columns):
            box = choice_box(f"import-map-{column}", f"What column {name} holds")
            for part, title in parts.items():
                box.addItem(title, part)
            box.setCurrentIndex(max(box.findData(part_of(mapping, name)), 0))
            box.activated.connect(self._choose)
            self.setCellWidget(0, column, box)
            self._boxes.append(box)

    def _fit(self, shown: int) -> None:
        for column in range(self.columnCount()):
            wanted = self.sizeHintForColumn(column) + 16
            self.setColumnWidth(column, min(max(wanted, WIDTHS[0]), WIDTHS[1]))
        self.horizontalHeader().setStretchLastSection(self.columnCount() > 0)
        boxes = BOX_HEIGHT if self._boxes else 0
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(ROW_HEIGHT + boxes + ROW_HEIGHT * max(shown, 1) + bar + 4)

    @Slot()
    def _choose(self) -> None:
        box = self.sender()
        if self._mapping is None or not isinstance(box, QComboBox):
            return
        name = self._columns[self._boxes.index(box)]
        self._mapping = assigned(self._mapping, name, str(box.currentData()))
        for column, other in zip(self._columns, self._boxes, strict=True):
            other.setCurrentIndex(max(other.findData(part_of(self._mapping, column)), 0))
        self.mapped.emit(self._mapping)


def part_of(mapping: Mapping, column: str) -> str:
    """Which part of a fact the column holds, "" for none."""
    return next((part for part, columns in mapping.columns().items() if column in columns), "")


def assigned(mapping: Mapping, column: str, part: str) -> Mapping:
    """With ``column`` holding ``part`` and nothing else; only rephrases may have several columns."""
    held = part_of(mapping, column)
    if held == "rephrases":
        mapping = replace(mapping, rephrases=tuple(name for name in mapping.rephrases if name != column))
    elif held:
        mapping = replace(mapping, **{held: ""})  # type: ignore[arg-type]
    if part == "rephrases":
        return replace(mapping, rephrases=(*mapping.rephrases, column))
    return replace(mapping, **{part: column}) if part else mapping  # type: ignore[arg-type]
