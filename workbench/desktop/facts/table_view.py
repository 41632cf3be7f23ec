"""The table: selection by facts, typing from row to row, columns that fit their dock."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QByteArray,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QAction, QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QWidget,
)

from workbench.desktop.facts.eliding import PromptDelegate
from workbench.desktop.facts.state_delegate import StateDelegate
from workbench.desktop.facts.store.columns import COLUMNS, PROMPT, STATE, TARGET
from workbench.desktop.facts.store.states import IntArray
from workbench.desktop.facts.store.view_rows import runs
from workbench.desktop.facts.table_model import EMPTY, FactTableModel
from workbench.desktop.facts.widgets import ROW_HEIGHT, set_up_rows
from workbench.desktop.moving import SelectingTable
from workbench.desktop.theme import tokens_of

MOST_RANGES = 2_000  # of a selection that is restored; more would be slow
Hint = QAbstractItemDelegate.EndEditHint
Flag = QItemSelectionModel.SelectionFlag


class FactTable(SelectingTable):
    chosen_changed = Signal()  # the selection

    def __init__(self, model: FactTableModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._kept: IntArray = np.empty(0, np.int64)
        self._kept_current = (-1, PROMPT)
        self.setModel(model)
        # A header asks its selection about every row of a column; its own, empty one answers at once.
        self.horizontalHeader().setSelectionModel(QItemSelectionModel(model, self.horizontalHeader()))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed | triggers.AnyKeyPressed)
        self.setItemDelegateForColumn(STATE, StateDelegate(self))
        self.setItemDelegateForColumn(PROMPT, PromptDelegate(self))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._set_up_headers()
        self.selectionModel().selectionChanged.connect(self._tell_chosen)
        model.modelReset.connect(self._tell_chosen)
        model.rearranging.connect(self._keep_selection)
        model.rearranged.connect(self._restore_selection)

    def _set_up_headers(self) -> None:
        set_up_rows(self)
        columns = self.horizontalHeader()
        columns.setMinimumSectionSize(48)
        columns.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        columns.setSortIndicatorClearable(True)
        columns.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        columns.customContextMenuRequested.connect(self.show_columns_menu)
        self.setSortingEnabled(True)
        for number, column in enumerate(COLUMNS):
            columns.resizeSection(number, column.width)
            columns.setSectionHidden(number, not column.narrow)
        columns.setSectionResizeMode(PROMPT, QHeaderView.ResizeMode.Stretch)

    def restore_columns(self, state: QByteArray) -> None:
        """As ``horizontalHeader().saveState()`` gave it, but without its sort order."""
        columns = self.horizontalHeader()
        columns.restoreState(state)
        columns.setSectionResizeMode(PROMPT, QHeaderView.ResizeMode.Stretch)
        columns.setSectionHidden(PROMPT, False)
        columns.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)

    def begin_anew(self) -> None:
        """In the order of the list, from its top, without a cell that is being edited."""
        self.setCurrentIndex(QModelIndex())
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.clearSelection()
        self.scrollToTop()

    def chosen(self) -> IntArray:
        """Indices, ascending, of the facts selected."""
        facts: IntArray = np.sort(self._model.shown[self._selected_rows()])
        return facts

    def chosen_count(self) -> int:
        return int(np.count_nonzero(self._selected_rows()))

    def show_chosen(self) -> bool:
        """Whether a selected fact was in sight; if none was, the first now is."""
        rows = np.flatnonzero(self._selected_rows())
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        last = last if last >= 0 else self._model.rowCount() - 1
        if not len(rows) or ((rows >= first) & (rows <= last)).any():
            return True
        self.scrollTo(self._model.index(int(rows[0]), PROMPT))
        return False

    def _selected_rows(self) -> NDArray[np.bool_]:
        """(rows shown,) without the row of a new fact."""
        selected = np.zeros(len(self._model.shown), np.bool_)
        selection = self.selectionModel().selection()
        for number in range(selection.count()):
            part = selection.at(number)
            selected[part.top() : part.bottom() + 1] = True
        return selected

    def current_fact(self) -> int:
        """The index of the fact under the cursor, −1 for none."""
        return self._model.fact_at(self.currentIndex().row())

    def choose(self, facts: IntArray, scroll: bool = True) -> None:
        """Selects those of ``facts`` that are shown; the first gets the cursor."""
        rows = np.flatnonzero(np.isin(self._model.shown, facts))
        groups = runs(rows)
        if not groups or len(groups) > MOST_RANGES:
            self.clearSelection()
            return
        last = len(COLUMNS) - 1
        selection = QItemSelection()
        for top, bottom, _low, _high in groups:
            selection.select(self._model.index(top, 0), self._model.index(bottom, last))
        first = self._model.index(groups[0][0], PROMPT)
        self.selectionModel().setCurrentIndex(first, Flag.NoUpdate)
        self.selectionModel().select(selection, Flag.ClearAndSelect)
        if scroll:
            self.scrollTo(first)

    @Slot()
    def type_new(self) -> None:
        """Opens the last row for typing; does nothing while facts are locked."""
        row = self._model.draft_row
        if row >= 0:
            self.setFocus()
            self._edit_cell(row, TARGET if self._model.draft.prompt else PROMPT)

    def _edit_cell(self, row: int, column: int) -> None:
        index = self._model.index(row, column)
        self.setCurrentIndex(index)
        self.scrollTo(index)
        self.edit(index)

    def closeEditor(self, editor: QWidget, hint: Hint) -> None:
        """On the row of a new fact, Enter and Tab go on to the target, then to the next new fact."""
        index = self.currentIndex()
        super().closeEditor(editor, hint)
        going_on = hint in (Hint.NoHint, Hint.SubmitModelCache, Hint.EditNextItem)
        if not going_on or index.row() != self._model.draft_row:
            return
        if index.column() == PROMPT and self._model.draft.prompt:
            self._edit_cell(self._model.draft_row, TARGET)
        elif index.column() == TARGET and self._model.draft == EMPTY:
            self._edit_cell(self._model.draft_row, PROMPT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter edits the cell, as F2 does."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        if enter and plain and self.state() != QAbstractItemView.State.EditingState:
            self.edit(self.currentIndex())
            return
        super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Looking through a million rows for a letter typed beside a cell would hold up the window."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """A line under each row, none between columns, and a frame around the cell that the keyboard is in."""
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        tokens = tokens_of(self.palette())
        painter.setPen(QColor(tokens.line))
        first, last = self.rowAt(0), self.rowAt(self.viewport().height() - 1)
        last = last if last >= 0 else self._model.rowCount() - 1
        for row in range(max(first, 0), last + 1):
            bottom = self.rowViewportPosition(row) + ROW_HEIGHT - 1
            painter.drawLine(0, bottom, self.viewport().width(), bottom)
        if self.hasFocus() and self.currentIndex().isValid():
            painter.setPen(QPen(QColor(tokens.accent), 2))
            painter.drawRect(self.visualRect(self.currentIndex()).adjusted(1, 1, -1, -2))
        painter.end()

    def show_columns_menu(self, at: QPoint) -> None:
        self.columns_menu().popup(self.horizontalHeader().mapToGlobal(at))

    def columns_menu(self) -> QMenu:
        """A tick for each column; the prompt stays."""
        menu = QMenu(self)
        menu.setObjectName("columns-menu")
        menu.setToolTipsVisible(True)
        menu.aboutToHide.connect(menu.deleteLater)
        for number, column in enumerate(COLUMNS):
            action = QAction(column.title, menu, checkable=True)
            action.setChecked(not self.isColumnHidden(number))
            action.setEnabled(number != PROMPT)
            action.setToolTip(column.about if number != PROMPT else "The prompt is always shown.")
            action.setData(number)
            action.toggled.connect(self._toggle_column)
            menu.addAction(action)
        return menu

    @Slot(bool)
    def _toggle_column(self, shown: bool) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.setColumnHidden(action.data(), not shown)

    @Slot()
    def _tell_chosen(self) -> None:
        self.chosen_changed.emit()

    @Slot()
    def _keep_selection(self) -> None:
        self._kept = self.chosen()
        self._kept_current = (self.current_fact(), self.currentIndex().column())

    @Slot()
    def _restore_selection(self) -> None:
        if len(self._kept):
            self.choose(self._kept)
        row = self._model.row_of(self._kept_current[0]) if self._kept_current[0] >= 0 else -1
        if row >= 0:
            index: QModelIndex = self._model.index(row, max(self._kept_current[1], 0))
            self.selectionModel().setCurrentIndex(index, Flag.NoUpdate)
            self.scrollTo(index)
