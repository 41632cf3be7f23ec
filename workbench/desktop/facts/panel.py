"""Facts and warm-up facts: two tabs, one history, and what other parts of the window call."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import QSettings, Qt, Signal, Slot
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QUndoStack
from PySide6.QtWidgets import QMenu, QTabWidget, QToolButton, QVBoxLayout, QWidget

from workbench.desktop.facts.actions import FactActions
from workbench.desktop.facts.drops import local_file
from workbench.desktop.facts.handlers import Handlers
from workbench.desktop.facts.history import FactHistory
from workbench.desktop.facts.menus import context_menu, more_menu
from workbench.desktop.facts.page import FactsPage
from workbench.desktop.facts.store.batch import Batch
from workbench.desktop.facts.store.fact_list import FactList, StepArray
from workbench.desktop.facts.store.states import IntArray, State, StateArray
from workbench.desktop.facts.widgets import named, tool_button

FACTS_INVITATION = (
    "No facts yet. Type one, paste rows from a spreadsheet, or import a file of what the model should know."
)
WARMUP_INVITATION = (
    "No warm-up facts yet. They give the whitening its statistics before the first edit; "
    "import a thousand or more."
)


class FactsPanel(QWidget):
    """The left dock. ``settings`` keeps the columns shown and the import's mappings."""

    probe_requested = Signal(object)  # Fact
    facts_changed = Signal(object)  # the FactList whose facts were added, removed, moved or edited
    chosen_changed = Signal(object)  # list of the selected Facts of the tab in front, the first hundred
    notice = Signal(str)  # a sentence that the panel also shows itself

    def __init__(self, settings: QSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("facts-panel")
        self.setAcceptDrops(True)
        self.settings = settings
        self.facts = FactList(State.NEW)
        self.warmup = FactList(State.WARM_UP)
        self.history = FactHistory(self)
        self.facts_page = FactsPage("facts", self.facts, self.history, FACTS_INVITATION)
        self.warmup_page = FactsPage("warmup", self.warmup, self.history, WARMUP_INVITATION)
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.setObjectName("facts-tabs")
        self.tabs.addTab(self.facts_page, "Facts")
        self.tabs.addTab(self.warmup_page, "Warm-up")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tabs)
        self._handlers = Handlers(self)
        self.actions_by_name = FactActions(self._handlers.by_name(), self)
        self.addActions(list(self.actions_by_name.actions.values()))
        for page in self.pages:
            self._set_up(page)
        self.history.changed.connect(self._reveal)
        self.history.lock_changed.connect(self._update_actions)
        self.history.stack.indexChanged.connect(self._update_actions)
        self.tabs.currentChanged.connect(self._update_actions)
        self.facts_page.model.dataChanged.connect(self._look_for_lost)
        self._restore_columns()
        self._update_actions()

    @property
    def undo_stack(self) -> QUndoStack:
        return self.history.stack

    @property
    def pages(self) -> tuple[FactsPage, FactsPage]:
        return self.facts_page, self.warmup_page

    @property
    def page(self) -> FactsPage:
        """The tab in front."""
        return self.warmup_page if self.tabs.currentWidget() is self.warmup_page else self.facts_page

    def action(self, name: str) -> QAction:
        """One of actions.SPECS, for menus and tool bars."""
        return self.actions_by_name[name]

    def load(self, facts: Batch, warmup: Batch) -> None:
        """Replaces both lists and forgets the history, as when a session opens."""
        for held, batch in ((self.facts, facts), (self.warmup, warmup)):
            held.remove(np.arange(len(held)))
            held.append(batch)
        for page in self.pages:
            page.begin_anew()
        self.history.stack.clear()
        self.show_list(self.facts)
        self._update_actions()

    def set_states(
        self, indices: IntArray, states: StateArray | State, steps: StepArray | int | None = None
    ) -> None:
        """What a run did to facts of ``facts``; one call for many. Not undone by Undo."""
        self.facts.set_states(indices, states, steps)

    def lock(self, reason: str) -> None:
        """While a run holds the facts: they can be read and filtered, and ``reason`` says why not changed."""
        self.history.lock(reason)

    def unlock(self) -> None:
        self.history.lock("")

    def import_file(self, path: Path | None = None) -> None:
        """Opens the import wizard, at its file where there is one."""
        self._handlers.import_facts(path)

    def show_list(self, facts: FactList) -> None:
        self.tabs.setCurrentWidget(self.warmup_page if facts is self.warmup else self.facts_page)

    def reveal(self, indices: IntArray) -> None:
        """Selects facts of the list of facts, also where the filter would hide them; the list comes to the front."""
        self.show_list(self.facts)
        self.facts_page.reveal(np.sort(indices))

    def say(self, sentence: str, level: str = "warning") -> None:
        self.page.notice.say(sentence, level)
        if sentence:
            self.notice.emit(sentence)

    def save_columns(self) -> None:
        for page in self.pages:
            state = page.table.horizontalHeader().saveState()
            self.settings.setValue(f"facts/columns/{page.objectName()}", state)

    def _restore_columns(self) -> None:
        for page in self.pages:
            state = self.settings.value(f"facts/columns/{page.objectName()}")
            if state is not None:
                page.table.restore_columns(state)

    def _set_up(self, page: FactsPage) -> None:
        page.chosen_changed.connect(self._update_actions)
        page.chosen_changed.connect(self._tell_chosen)
        page.model.shown_changed.connect(self._count_tabs)
        page.model.shown_changed.connect(self._update_actions)
        page.import_wanted.connect(self._handlers.import_any)
        page.table.customContextMenuRequested.connect(self._show_menu)
        for name in ("add", "import"):
            button = named(QToolButton(), f"{page.objectName()}-{name}", self.action(name).text())
            button.setDefaultAction(self.action(name))
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            page.add_tool(button)
        more = tool_button("more", "More about these facts", f"{page.objectName()}-more")
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        more.setMenu(more_menu(self.actions_by_name, more))
        page.add_tool(more)

    @Slot()
    def _show_menu(self) -> None:
        menu: QMenu = context_menu(self.actions_by_name, self)
        table = self.page.table
        index = table.currentIndex()
        corner = table.visualRect(index).bottomLeft()
        under = table.viewport().mapFromGlobal(self.cursor().pos())
        at = under if table.viewport().rect().contains(under) else corner
        menu.popup(table.viewport().mapToGlobal(at))

    @Slot()
    def _count_tabs(self) -> None:
        for number, (title, held) in enumerate((("Facts", self.facts), ("Warm-up", self.warmup))):
            self.tabs.setTabText(number, f"{title} {len(held):,}" if len(held) else title)

    @Slot()
    def _update_actions(self) -> None:
        self.actions_by_name.update(self._handlers.met(), self.history.lock_reason)
        for name, text in (("undo", self.undo_stack.undoText()), ("redo", self.undo_stack.redoText())):
            self.action(name).setText(f"{name.capitalize()} {text}".strip())
        other = "facts" if self.page is self.warmup_page else "warm-up"
        self.action("move").setText(f"Move to {other}")

    @Slot()
    def _look_for_lost(self) -> None:
        """States change at every step of a run; what can be done changes with the first fact that is lost."""
        if self._handlers.any_lost != self.action("lost").isEnabled():
            self._update_actions()

    @Slot()
    def _tell_chosen(self) -> None:
        page = self.page
        self.chosen_changed.emit([page.facts[i] for i in page.table.chosen()[:100].tolist()])

    @Slot(object, object)
    def _reveal(self, facts: FactList, indices: IntArray) -> None:
        page = self.warmup_page if facts is self.warmup else self.facts_page
        page.reveal(indices)
        self.facts_changed.emit(facts)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if not self.history.lock_reason and local_file(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = local_file(event)
        if path is not None:
            event.acceptProposedAction()
            self._handlers.import_later(path)
