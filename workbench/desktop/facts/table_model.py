"""The table over a FactList: an array of the facts shown, in the order shown, and a last row to type a new fact."""

import html
from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QBrush, QColor, QGuiApplication

from workbench.desktop.facts.eliding import SUBJECT_ROLE, TAGS_ROLE
from workbench.desktop.facts.history import FactHistory
from workbench.desktop.facts.store.batch import prepared
from workbench.desktop.facts.store.columns import COLUMNS, PROMPT, STATE, TARGET, problem_of
from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.facts.store.query import Query, matches
from workbench.desktop.facts.store.sorting import order_of
from workbench.desktop.facts.store.states import IntArray, State, in_words
from workbench.desktop.facts.store.view_rows import places_of, runs
from workbench.desktop.theme import tokens_of
from workbench.facts.fact import Fact
from workbench.facts.text import cut

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole

STATE_ROLE = int(Role.UserRole)  # (State, step) or None

ROLES = {Role.DisplayRole, Role.EditRole, Role.ToolTipRole, STATE_ROLE, SUBJECT_ROLE, TAGS_ROLE}

LONGEST_CELL = 300  # characters drawn of a cell
LONGEST_TIP = 1_500
FEW_RUNS = 32  # row signals up to so many, a reset beyond

EMPTY = Fact("", "")
DRAFT_HINTS = {PROMPT: "Type a new prompt", TARGET: "its target"}


def tip(text: str) -> str:
    """As a tooltip that wraps and never takes the text for markup."""
    return f"<p style='white-space: pre-wrap'>{html.escape(cut(text, LONGEST_TIP))}</p>" if text else ""


def one_line(text: str) -> str:
    return cut(text, LONGEST_CELL).replace("\r\n", "\n").replace("\n", " ↵ ").replace("\t", " ")


def _about_prompt(fact: Fact, role: int) -> str:
    if role == SUBJECT_ROLE:
        return one_line(fact.subject)
    tags = ", ".join(fact.tags)
    if role == TAGS_ROLE:
        return one_line(tags)
    return tip(f"{fact.prompt}\n\nTags: {tags}" if tags else fact.prompt)


class FactTableModel(QAbstractTableModel):
    """Observes ``facts``; changes go through ``history``."""

    rearranging = Signal()  # the same facts are about to come in another order or choice
    rearranged = Signal()
    shown_changed = Signal()  # how many rows there are, or which
    refused = Signal(str)  # a sentence: why a typed text was not taken

    def __init__(self, facts: FactList, history: FactHistory, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.facts, self.history = facts, history
        self.wrote: Callable[[int], str] = lambda _place: ""  # what the model wrote for a fact, in a sentence
        self.query = Query()
        self.sort_column, self.descending = -1, False
        self.draft = EMPTY
        self._rows: IntArray = np.arange(len(facts))
        self._matching: IntArray | None = None  # what the query last found, ascending; None: look again
        self._sorted: tuple[int, IntArray] | None = None  # a column and its ascending order
        self._resetting = False
        facts.observers.append(self)
        history.lock_changed.connect(self._show_lock)
        self._typing = not history.lock_reason

    @property
    def shown(self) -> IntArray:
        """Indices of the facts shown, top to bottom; to read and not to change."""
        return self._rows

    @property
    def draft_row(self) -> int:
        """The row of the fact being typed, −1 while nothing may be typed."""
        return len(self._rows) if self._typing else -1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows) + self._typing

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def fact_at(self, row: int) -> int:
        """The index of a row's fact; −1 for the row of a new fact."""
        return int(self._rows[row]) if 0 <= row < len(self._rows) else -1

    def row_of(self, fact: int) -> int:
        """−1 where the fact is not shown."""
        found = np.flatnonzero(self._rows == fact)
        return int(found[0]) if len(found) else -1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return f"{section + 1:,}" if role == Role.DisplayRole else None
        if role == Role.DisplayRole:
            return COLUMNS[section].title
        if role == Role.ToolTipRole:
            return COLUMNS[section].about
        if role == Role.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        row, column = index.row(), index.column()
        if row >= len(self._rows):
            return self._draft_data(column, role)
        if role not in ROLES:
            return None
        place = int(self._rows[row])
        if column == STATE:
            return self._state_data(place, role)
        if column == PROMPT and role in (SUBJECT_ROLE, TAGS_ROLE, Role.ToolTipRole):
            return _about_prompt(self.facts[place], role)
        text = COLUMNS[column].read(self.facts[place])
        if role == Role.DisplayRole:
            return one_line(text)
        if role == Role.EditRole:
            return text
        return tip(text) if role == Role.ToolTipRole else None

    def _state_data(self, place: int, role: int) -> Any:
        state, step = self.facts.state(place), int(self.facts.steps[place])
        if role == STATE_ROLE:
            return state, step
        return tip(in_words(state, step, self.wrote(place))) if role == Role.ToolTipRole else state.word

    def _draft_data(self, column: int, role: int) -> Any:
        text = COLUMNS[column].read(self.draft)
        if role == Role.EditRole:
            return text
        started = self.draft != EMPTY
        if role == Role.ToolTipRole:
            return problem_of(self.draft) if started else "Type a prompt and its target to add a fact."
        if role == Role.ForegroundRole and not text:
            return QBrush(QColor(tokens_of(QGuiApplication.palette()).dim))
        if role != Role.DisplayRole:
            return None
        if column == STATE and started:
            return "unfinished"
        hint = DRAFT_HINTS.get(column, "") if column == PROMPT or started else ""
        return one_line(text) or hint

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.isValid() and self._typing and COLUMNS[index.column()].write:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        write = COLUMNS[index.column()].write
        if role != Role.EditRole or write is None or not self._typing:
            return False
        place = self.fact_at(index.row())
        if place < 0:
            return self._type(write(self.draft, str(value)))
        fact = write(self.facts[place], str(value))
        if problem := problem_of(fact):
            self.refused.emit(problem)
            return False
        title = COLUMNS[index.column()].title.lower()
        self.history.replace(self.facts, np.array([place]), [fact], f"change {title}")
        return True

    def _type(self, draft: Fact) -> bool:
        """A draft with prompt and target becomes a fact."""
        if draft == self.draft:
            return False
        self.draft = draft
        if not problem_of(draft):
            self.draft = EMPTY
            self.history.add(self.facts, prepared([draft]), "add a fact")
        row = self.draft_row
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))
        return True

    def forget_draft(self) -> None:
        """The row of a new fact is empty again."""
        self.draft = EMPTY
        if (row := self.draft_row) >= 0:
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """A column of −1 gives the order of the list."""
        self.sort_column, self.descending = column, order == Qt.SortOrder.DescendingOrder
        self._rearrange()

    def filter(self, query: Query) -> None:
        if query == self.query:
            return
        narrower = self._matching is not None and query.narrows(self.query)
        within = self._matching if narrower and self.query else None
        self.query = query
        self._matching = matches(self.facts, query, within)
        self._rearrange()

    def refresh(self) -> None:
        """Filters and sorts again, after states or texts changed under the filter."""
        self._matching = None
        self._rearrange()

    def _rearrange(self) -> None:
        self.rearranging.emit()
        self._reset()
        self.rearranged.emit()

    def _reset(self) -> None:
        self.beginResetModel()
        self._arrange()
        self.endResetModel()
        self.shown_changed.emit()

    def _arrange(self) -> None:
        if self._matching is None:
            self._matching = matches(self.facts, self.query)
        rows = self._matching
        if self.sort_column >= 0:
            order = self._order()
            order = order[::-1] if self.descending else order
            if len(rows) < len(self.facts):
                wanted = np.zeros(len(self.facts), np.bool_)
                wanted[rows] = True
                order = order[wanted[order]]
            rows = order
        self._rows = rows

    def _order(self) -> IntArray:
        """Kept until facts or, for the column of states, states change."""
        if self._sorted is None or self._sorted[0] != self.sort_column:
            self._sorted = self.sort_column, order_of(self.facts, self.sort_column)
        return self._sorted[1]

    def inserted(self, indices: IntArray) -> None:
        """New facts come where the order wants them; those that do not match the filter stay out."""
        self._matching = self._sorted = None
        shift = np.searchsorted(indices - np.arange(len(indices)), self._rows, side="right")
        self._rows = self._rows + shift
        new = matches(self.facts, self.query, indices)
        places = places_of(self.facts, self._rows, new, self.sort_column, self.descending)
        groups = None if places is None else runs(places)
        if places is None or groups is None or len(groups) > FEW_RUNS:
            self._reset()
            return
        for first, last, low, high in groups:
            self.beginInsertRows(QModelIndex(), first, last)
            self._rows = np.insert(self._rows, first, new[low:high])
            self.endInsertRows()
        self.shown_changed.emit()

    def removing(self, indices: IntArray) -> None:
        going = np.flatnonzero(np.isin(self._rows, indices))
        groups = runs(going)
        if len(groups) > FEW_RUNS:
            self.beginResetModel()
            self._resetting = True
            self._rows = np.delete(self._rows, going)
            return
        for first, last, _low, _high in reversed(groups):
            self.beginRemoveRows(QModelIndex(), first, last)
            self._rows = np.delete(self._rows, slice(first, last + 1))
            self.endRemoveRows()

    def removed(self, indices: IntArray) -> None:
        self._rows = self._rows - np.searchsorted(indices, self._rows)
        self._matching = self._sorted = None
        if self._resetting:
            self._resetting = False
            self.endResetModel()
        self.shown_changed.emit()

    def replaced(self, indices: IntArray) -> None:  # noqa: ARG002
        self._matching = self._sorted = None
        self._all_changed(0)

    def states_changed(self, indices: IntArray | None) -> None:  # noqa: ARG002
        self._matching = None
        if self._sorted and self._sorted[0] == STATE:
            self._sorted = None
        self._all_changed(STATE)

    def _all_changed(self, first_column: int) -> None:
        if len(self._rows):
            last = self.index(len(self._rows) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, first_column), last)

    @Slot(str)
    def _show_lock(self, reason: str) -> None:
        row = len(self._rows)
        if reason and self._typing:
            self.beginRemoveRows(QModelIndex(), row, row)
            self._typing = False
            self.endRemoveRows()
        elif not reason and not self._typing:
            self.beginInsertRows(QModelIndex(), row, row)
            self._typing = True
            self.endInsertRows()

    def state_of(self, row: int) -> State | None:
        place = self.fact_at(row)
        return None if place < 0 else self.facts.state(place)
