"""The ledger: runs and steps on the left, the facts of the chosen steps on the right, what to do with them above."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QItemSelectionModel, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QSplitter,
    QStackedWidget,
    QTableView,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.empty_page import EmptyPage
from workbench.desktop.facts.widgets import set_up_rows
from workbench.desktop.ledger.book import LedgerBook
from workbench.desktop.ledger.columns import COLUMNS
from workbench.desktop.ledger.model import Place
from workbench.desktop.ledger.step_facts import NUMBER, PROMPT, STATE, TARGET, RunFacts, StepFacts
from workbench.desktop.moving import SelectingTable, SelectingTree
from workbench.desktop.shell.action_button import ActionButton
from workbench.desktop.shell.fitting_row import STRETCH, FittingRow
from workbench.desktop.widgets import line

EMPTY = "Every run and step of this session is listed here as soon as one begins."
ACTIONS = ("rewind", "branch", "replay", "name-run", "note-run")
FACT_WIDTHS = {NUMBER: 48, TARGET: 84, STATE: 112}
Flag = QItemSelectionModel.SelectionFlag


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is selected. ``run`` 0: nothing."""

    run: int = 0
    warming_up: bool = False
    step: int = 0  # within its kind; 0: the run itself
    facts: tuple[int, ...] = ()  # positions in the run's facts, of the rows selected on the right


class LedgerPanel(QWidget):
    """``actions``: the window's, by name; of ACTIONS and ``edit``."""

    chosen_changed = Signal()

    def __init__(
        self, book: LedgerBook, actions: Mapping[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("ledger-panel")
        self.book = book
        self._facts_of: RunFacts | None = None
        self._kept: tuple[Place | None, set[int]] = (None, set())  # current row and runs laid open
        self._actions = [actions[name] for name in ACTIONS]
        self.tree, self.facts = self._new_tree(), StepFacts(self)
        self.fact_table = self._new_fact_table()
        self.pages = QStackedWidget()
        self.pages.addWidget(EmptyPage(EMPTY, ActionButton(actions["edit"], "ledger-edit")))
        self.pages.addWidget(self._new_content())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.pages)
        self._connect()

    def _connect(self) -> None:
        self.book.about_to_read.connect(self._keep)
        self.book.read.connect(self._restore)
        self.book.facts_read.connect(self._take_facts)
        self.book.scored.connect(self._read_again)
        self.book.model.rowsInserted.connect(self._show_content)
        self.tree.selectionModel().selectionChanged.connect(self._choose)
        self.tree.customContextMenuRequested.connect(self._show_menu)
        self.fact_table.selectionModel().selectionChanged.connect(lambda *_: self.chosen_changed.emit())

    def chosen(self) -> Chosen:
        place = self.book.model.place(self.tree.currentIndex()) if self._selected() else None
        if place is None:
            return Chosen()
        run, editing, step = place
        return Chosen(run, not editing and step > 0, step, self._chosen_facts())

    def select(self, run: int, step: int = 0, warming_up: bool = False) -> None:
        """Brings a step, or a run, into view and chooses it."""
        index = self.book.model.index_of((run, not warming_up and step > 0, step))
        if index.isValid():
            self.tree.setCurrentIndex(index)
            self.tree.scrollTo(index)

    # Parts

    def _new_tree(self) -> QTreeView:
        tree = SelectingTree()
        tree.setObjectName("ledger-tree")
        tree.setAccessibleName("Runs and steps")
        tree.setModel(self.book.model)
        tree.setUniformRowHeights(True)
        tree.setIndentation(16)
        tree.setAllColumnsShowFocus(True)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        tree.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header = tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for number, column in enumerate(COLUMNS):
            header.resizeSection(number, column.width)
        return tree

    def _new_fact_table(self) -> QTableView:
        table = SelectingTable()
        table.setObjectName("ledger-facts")
        table.setAccessibleName("Facts of the chosen steps")
        table.setModel(self.facts)
        set_up_rows(table)
        table.setTabKeyNavigation(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        columns = table.horizontalHeader()
        columns.setSelectionModel(QItemSelectionModel(self.facts, columns))
        for column, width in FACT_WIDTHS.items():
            columns.resizeSection(column, width)
        columns.setSectionResizeMode(PROMPT, QHeaderView.ResizeMode.Stretch)
        return table

    def _new_content(self) -> QWidget:
        page = QWidget()
        actions = dict(zip(ACTIONS, self._actions, strict=True))
        bar = FittingRow(actions, (*ACTIONS[:3], STRETCH, *ACTIONS[3:]), ACTIONS[:0:-1], "ledger", quiet=True)
        bar.setContentsMargins(12, 6, 12, 6)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setObjectName("ledger-splitter")
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.tree)
        self.splitter.addWidget(self.fact_table)
        self.splitter.setSizes([700, 268])
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(line())
        column.addWidget(self.splitter, 1)
        return page

    # Selection

    def _selected(self) -> bool:
        return self.tree.selectionModel().hasSelection()

    def _chosen_facts(self) -> tuple[int, ...]:
        if self.facts.warming_up:
            return ()
        rows = self.fact_table.selectionModel().selectedRows()
        return tuple(sorted(self.facts.position(index.row()) for index in rows))

    @Slot()
    def _choose(self) -> None:
        chosen = self.chosen()
        if not chosen.run:
            self.facts.show(None)
        elif self._facts_of is not None and self._facts_of.run == chosen.run:
            self._show_facts()
        else:
            self.facts.show(None)
            self.book.read_facts(chosen.run)
        self.chosen_changed.emit()

    @Slot(int)
    def _read_again(self, run: int) -> None:
        if self._facts_of is not None and self._facts_of.run == run:
            self.book.read_facts(run)

    @Slot(object)
    def _take_facts(self, facts: RunFacts) -> None:
        self._facts_of = facts
        if facts.run == self.chosen().run:
            self._show_facts()

    def _show_facts(self) -> None:
        """Of the selected steps of one kind of the current run; of the run itself all."""
        assert self._facts_of is not None
        model, chosen = self.book.model, self.chosen()
        if not chosen.step:
            held = self._facts_of.facts or self._facts_of.warmup
            self.facts.show(self._facts_of, range(len(held)), warming_up=not self._facts_of.facts)
            return
        steps = [model.step(index) for index in self.tree.selectionModel().selectedRows()]
        wanted = [
            s for s in steps if s is not None and s.run == chosen.run and s.warming_up == chosen.warming_up
        ]
        positions: Sequence[int] = sorted(
            {p for s in wanted for p in range(s.first_fact, s.first_fact + s.facts)}
        )
        self.facts.show(self._facts_of, positions, chosen.warming_up)

    @Slot()
    def _keep(self) -> None:
        model = self.book.model
        laid_open = {
            run.record.id for i, run in enumerate(model.runs) if self.tree.isExpanded(model.index(i, 0))
        }
        self._kept = (model.place(self.tree.currentIndex()) if self._selected() else None, laid_open)

    @Slot()
    def _restore(self) -> None:
        """What was laid open and chosen, as far as it is still there; else the last run laid open."""
        model, (current, laid_open) = self.book.model, self._kept
        self._facts_of = None
        known = {run.record.id for run in model.runs}
        for run in (laid_open & known) or {run.record.id for run in model.runs[-1:]}:
            self.tree.expand(model.index_of((run, False, 0)))
        index = model.index_of(current) if current is not None else None
        if index is not None and index.isValid():
            self.tree.setCurrentIndex(index)
        else:
            self.facts.show(None)
        self._show_content()
        self.chosen_changed.emit()

    @Slot()
    def _show_content(self) -> None:
        self.pages.setCurrentIndex(1 if self.book.model.runs else 0)

    @Slot()
    def _show_menu(self) -> None:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self._actions)
        corner = self.tree.visualRect(self.tree.currentIndex()).bottomLeft()
        menu.popup(self.tree.viewport().mapToGlobal(corner))
