"""A fact's scores before and after, how they went, and why it failed where that can be told."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QHeaderView,
    QPlainTextEdit,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.probe.cell import set_up
from workbench.desktop.probe.trace_plot import TracePlot
from workbench.desktop.probe.truth import AFTER, SHOWN, FactTruth, TruthRows, heading
from workbench.desktop.theme import mark
from workbench.desktop.widgets import ElidedLabel, label

ROW_HEIGHT = 20  # pixels
TABLE_WIDTH = 320  # at least
NO_REASON = "No reason was found why it should not hold."
NOT_IN_RUN = "Scores of this fact, and why it failed, appear here once a run has edited it."
FRAMELESS = "QPlainTextEdit { border: none; background: transparent; padding: 0; }"


class TruthView(QStackedWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("probe-truth")
        self.heading = ElidedLabel("caption")
        self.heading.setObjectName("probe-truth-heading")
        self.rows = TruthRows(self)
        self.table = self._new_table()
        self.trace = TracePlot()
        self.reasons = QPlainTextEdit(readOnly=True)
        self.reasons.setObjectName("probe-reasons")
        self.reasons.setAccessibleName("Why it holds or does not")
        self.reasons.setStyleSheet(FRAMELESS)
        self.reasons.document().setDocumentMargin(0)
        self.reasons.setTabChangesFocus(True)
        self.reasons.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        empty = label(NOT_IN_RUN)
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setMargin(16)
        mark(empty, role="dim")
        self.addWidget(empty)
        self.addWidget(self._page())
        self._fit_height()

    def show_truth(self, truth: FactTruth | None) -> None:
        """None: no run that is shown had the fact."""
        self.setCurrentIndex(0 if truth is None else 1)
        self.rows.set_record(None if truth is None else truth.record)
        if truth is None:
            self.trace.show_trace((), 0)
            self.reasons.clear()
            return
        self.heading.set_whole(heading(truth))
        self.trace.show_trace(truth.record.trace, truth.record.step)
        text = "\n".join(f"• {reason.sentence}" for reason in truth.reasons) or NO_REASON
        if text != self.reasons.toPlainText():
            self.reasons.setPlainText(text)

    def _new_table(self) -> QTableView:
        table = QTableView()
        table.setObjectName("probe-truth-table")
        table.setAccessibleName("The fact's scores, unedited and edited")
        table.setModel(self.rows)
        columns = set_up(table, ROW_HEIGHT)
        columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        columns.setSectionResizeMode(len(SHOWN), QHeaderView.ResizeMode.Stretch)
        table.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        table.horizontalScrollBar().rangeChanged.connect(self._fit_height)
        table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return table

    @Slot()
    def _fit_height(self) -> None:
        """All rows, and the bar that scrolls them sideways where there is one."""
        bar = self.table.horizontalScrollBar()
        below = bar.sizeHint().height() if bar.maximum() > 0 else 0
        height = self.table.horizontalHeader().sizeHint().height() + (AFTER + 1) * ROW_HEIGHT
        self.table.setFixedHeight(height + 2 + below)

    def _page(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(12, 4, 12, 4)
        column.setSpacing(4)
        for widget in (self.heading, self.table):
            column.addWidget(widget)
        column.addWidget(self.reasons, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(left)
        right = QWidget()
        room = QVBoxLayout(right)
        room.setContentsMargins(8, 4, 8, 4)
        room.addWidget(self.trace)
        splitter.addWidget(right)
        splitter.setStretchFactor(0, 2)
        splitter.setStretchFactor(1, 1)
        left.setMinimumWidth(TABLE_WIDTH)
        return splitter
