"""What a file's first rows become, and what the file is, in words."""

from collections.abc import Sequence

from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from workbench.desktop.facts.store.columns import COLUMNS, PROMPT, STATE
from workbench.desktop.facts.table_model import one_line, tip
from workbench.desktop.facts.widgets import named, set_up_rows
from workbench.desktop.theme import tokens_of
from workbench.facts import BadRow, Fact, FileSummary
from workbench.facts.text import count

FORMATS = {"json": "JSON", "jsonl": "JSON Lines"}


def described(summary: FileSummary) -> str:
    """``CounterFact, flat · JSON · 8 fields · 1.2 MB``."""
    table = summary.format == "csv"
    columns = count(len(summary.columns), "column" if table else "field")
    form = "Table" if table else summary.title if summary.form else "Records with fields of their own"
    shape = () if table else (FORMATS[summary.format],)
    return " · ".join((form, *shape, columns, size_in_words(summary.size)))


def size_in_words(size: int) -> str:
    """``size`` in bytes."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= scale:
            return f"{size / scale:,.1f} {unit}"
    return f"{size:,} bytes"


class SampleTable(QTableWidget):
    """Facts in the table's columns; a bad row shows its reason instead."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, STATE, parent)
        named(self, "import-sample", "What the first rows become")
        set_up_rows(self)
        self.setHorizontalHeaderLabels([column.title for column in COLUMNS[:STATE]])
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        header = self.horizontalHeader()
        for number, column in enumerate(COLUMNS[:STATE]):
            header.resizeSection(number, column.width)
        header.setMinimumSectionSize(60)
        header.setSectionResizeMode(PROMPT, QHeaderView.ResizeMode.Stretch)

    def show_sample(self, sample: Sequence[Fact | BadRow]) -> None:
        self.clearSpans()
        self.setRowCount(len(sample))
        for row, item in enumerate(sample):
            if isinstance(item, BadRow):
                self._show_bad(row, item)
                continue
            for number, column in enumerate(COLUMNS[:STATE]):
                text = column.read(item)
                cell = QTableWidgetItem(one_line(text))
                cell.setToolTip(tip(text))
                self.setItem(row, number, cell)

    def _show_bad(self, row: int, bad: BadRow) -> None:
        cell = QTableWidgetItem(f"Left out: {bad}")
        cell.setToolTip(tip(str(bad)))
        cell.setForeground(QBrush(QColor(tokens_of(self.palette()).bad)))
        self.setItem(row, 0, cell)
        self.setSpan(row, 0, 1, self.columnCount())
