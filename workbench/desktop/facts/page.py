"""One tab of facts: filter, table, count; or an invitation while there are none."""

import numpy as np
from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.empty_page import EmptyPage
from workbench.desktop.facts.filter_bar import FilterBar
from workbench.desktop.facts.history import FactHistory
from workbench.desktop.facts.notice import NoticeStrip
from workbench.desktop.facts.store.columns import facts_in_words
from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.facts.store.query import Query
from workbench.desktop.facts.store.states import IntArray
from workbench.desktop.facts.table_model import EMPTY, FactTableModel
from workbench.desktop.facts.table_view import FactTable
from workbench.desktop.facts.widgets import named, plain_label, push_button
from workbench.desktop.theme import mark
from workbench.desktop.widgets import literal

MOST_REVEALED = 50  # facts selected after they came; of more only the first
LIVE_MS = 1_000  # between two looks of a filter or order by state while states change


class FactsPage(QWidget):
    """``name`` prefixes the object names: ``facts`` or ``warmup``."""

    import_wanted = Signal()
    chosen_changed = Signal()

    def __init__(
        self, name: str, facts: FactList, history: FactHistory, invitation: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(f"{name}-page")
        self.facts, self.history = facts, history
        self.model = FactTableModel(facts, history, self)
        self.table = named(FactTable(self.model), f"{name}-table", f"Table of {name}")
        self.filter_bar = FilterBar(facts)
        self.notice = NoticeStrip()
        self.count = plain_label(name=f"{name}-count", role="caption")
        self._inviting = True
        self._live = QTimer(self, singleShot=True, interval=LIVE_MS)
        self._live.timeout.connect(self.model.refresh)
        self._build_stack(name, invitation)
        self._lay_out()
        self._connect()
        self._show_lock(history.lock_reason)
        self.refresh()

    def _build_stack(self, name: str, invitation: str) -> None:
        self.type_button = push_button("Type a fact", f"{name}-type")
        self.import_button = push_button("Import facts…", f"{name}-import")
        clear = push_button("Clear the filter", f"{name}-clear-filter")
        clear.clicked.connect(self.filter_bar.clear)
        self._empty = EmptyPage(invitation, self.type_button, self.import_button)
        self._nothing = EmptyPage("No fact matches the filter.", clear)
        self.stack = QStackedWidget()
        for page in (self.table, self._empty, self._nothing):
            self.stack.addWidget(page)

    def _lay_out(self) -> None:
        self.footer = QHBoxLayout()
        self.footer.setContentsMargins(12, 4, 6, 4)
        self.footer.setSpacing(2)
        self.footer.addWidget(self.count, 1)
        line = QFrame()
        mark(line, role="line")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.filter_bar)
        column.addWidget(self.notice)
        column.addWidget(self.stack, 1)
        column.addWidget(line)
        column.addLayout(self.footer)

    def _connect(self) -> None:
        self.type_button.clicked.connect(self.type_new)
        self.import_button.clicked.connect(self.import_wanted)
        self.filter_bar.changed.connect(self._filter)
        self.model.shown_changed.connect(self.refresh)
        self.model.dataChanged.connect(self._look_again)
        self.model.refused.connect(self.notice.say)
        self.table.chosen_changed.connect(self._show_count)
        self.table.chosen_changed.connect(self.chosen_changed)
        self.history.lock_changed.connect(self._show_lock)

    def add_tool(self, button: QToolButton) -> None:
        """At the right end of the footer."""
        self.footer.addWidget(button)

    @Slot()
    def type_new(self) -> None:
        """Starts a fact in the last row."""
        if self.history.lock_reason:
            return
        self.filter_bar.clear()
        self._inviting = False
        self.refresh()
        self.table.type_new()

    def begin_anew(self) -> None:
        """Nothing typed, filtered, sorted, selected or told of the list before."""
        self.model.forget_draft()
        self.filter_bar.clear()
        self.table.begin_anew()
        self.notice.say("")
        self._inviting = True
        self.refresh()

    def reveal(self, indices: IntArray) -> None:
        """Selects facts that came or changed, also where the filter would hide them."""
        if not len(indices) or self.table.state() == FactTable.State.EditingState:
            return
        if self.model.query and not np.isin(indices, self.model.shown).all():
            self.filter_bar.clear()
        self.table.choose(indices if len(indices) <= MOST_REVEALED else indices[:1])

    @Slot()
    def refresh(self) -> None:
        if len(self.facts):
            self._inviting = True
        nothing_typed = self.model.draft == EMPTY
        if not len(self.facts) and nothing_typed and self._inviting:
            page: QWidget = self._empty
        elif self.model.query and not len(self.model.shown):
            page = self._nothing
        else:
            page = self.table
        self.filter_bar.setVisible(page is not self._empty)
        self.stack.setCurrentWidget(page)
        self._show_count()

    @Slot(object)
    def _filter(self, query: Query) -> None:
        self.model.filter(query)

    @Slot()
    def _show_count(self) -> None:
        total, shown = len(self.facts), len(self.model.shown)
        text = f"{shown:,} of {total:,}" if self.model.query else facts_in_words(total)
        chosen = self.table.chosen_count()
        self.count.setText(f"{text} · {chosen:,} selected" if chosen else text)

    @Slot()
    def _look_again(self) -> None:
        """States may have moved facts in or out of a filter by state."""
        if self.model.query.states and not self._live.isActive():
            self._live.start()

    @Slot(str)
    def _show_lock(self, reason: str) -> None:
        for button in (self.type_button, self.import_button):
            button.setEnabled(not reason)
            button.setToolTip(literal(reason))
