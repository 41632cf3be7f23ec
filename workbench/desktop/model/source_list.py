"""What can be loaded without typing: the starter, the hub's cache, what was loaded before."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from workbench.desktop.theme import CAPTION, interface_font, tokens_of
from workbench.desktop.widgets import tip
from workbench.desktop.words import size_in_words

if TYPE_CHECKING:
    from workbench.models.catalogue import CachedModel, Catalogue, StarterState

STARTER = "starter"  # what models.sources calls it
SOURCE_ROLE = int(Qt.ItemDataRole.UserRole)
PROBLEM_ROLE = SOURCE_ROLE + 1


class SourceList(QTreeWidget):
    """Groups of sources; a source comes with its state in the second column."""

    picked = Signal(str)  # a source was made current
    wanted = Signal(str)  # a source was double-clicked or confirmed with Return

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model-sources")
        self.setAccessibleName("Models on this computer")
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setIndentation(0)
        self.setUniformRowHeights(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.currentItemChanged.connect(self._tell_picked)
        self.itemActivated.connect(self._tell_wanted)

    def fill(self, catalogue: "Catalogue", recent: list[str]) -> None:
        self.blockSignals(True)
        self.clear()
        self._group("Starter", [_starter_row(catalogue.starter)])
        self._group("In the local cache of the hub", [_cached_row(c) for c in catalogue.cached])
        here = {STARTER, *(c.repository for c in catalogue.cached)}
        self._group("Loaded before", [(s, s, "", "") for s in recent if s not in here])
        self.blockSignals(False)
        self._colour()

    def show_source(self, source: str) -> None:
        """Marks the row of this source, or none."""
        self.blockSignals(True)
        found = [item for item in self._rows() if item.data(0, SOURCE_ROLE) == source]
        self.setCurrentItem(found[0] if found else None)  # type: ignore[arg-type]
        self.blockSignals(False)

    def sources(self) -> list[str]:
        return [str(item.data(0, SOURCE_ROLE)) for item in self._rows()]

    def _rows(self) -> list[QTreeWidgetItem]:
        groups = [self.topLevelItem(i) for i in range(self.topLevelItemCount())]
        rows = [g.child(k) for g in groups if g is not None for k in range(g.childCount())]
        return [row for row in rows if row is not None]

    def _group(self, title: str, rows: list[tuple[str, str, str, str]]) -> None:
        """Rows of (source, title, state, problem)."""
        if not rows:
            return
        heading = QTreeWidgetItem(self, [title])
        heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
        heading.setFirstColumnSpanned(True)
        heading.setFont(0, interface_font(CAPTION, bold=True))
        for source, name, state, problem in rows:
            item = QTreeWidgetItem(heading, [name, "cannot be loaded" if problem else state])
            item.setData(0, SOURCE_ROLE, source)
            item.setData(0, PROBLEM_ROLE, problem)
            item.setToolTip(0, tip(problem or source))
            item.setToolTip(1, tip(problem))
        heading.setExpanded(True)

    def _colour(self) -> None:
        tokens = tokens_of(self.palette())
        dim, warning, ink = (QBrush(QColor(c)) for c in (tokens.dim, tokens.warning, tokens.ink))
        for i in range(self.topLevelItemCount()):
            heading = self.topLevelItem(i)
            if heading is not None:
                heading.setForeground(0, dim)
        for item in self._rows():
            problem = bool(item.data(0, PROBLEM_ROLE))
            item.setForeground(0, dim if problem else ink)
            item.setForeground(1, warning if problem else dim)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._colour()

    @Slot()
    def _tell_picked(self) -> None:
        source = self._current_source()
        if source:
            self.picked.emit(source)

    @Slot()
    def _tell_wanted(self) -> None:
        source = self._current_source()
        if source:
            self.wanted.emit(source)

    def _current_source(self) -> str:
        item = self.currentItem()
        return str(item.data(0, SOURCE_ROLE) or "") if item is not None else ""


def _starter_row(starter: "StarterState") -> tuple[str, str, str, str]:
    if starter.file is None:
        state = "not on this computer"
    else:
        state = "ready" if starter.converted else "will be converted once"
    return STARTER, starter.title, state, ""


def _cached_row(cached: "CachedModel") -> tuple[str, str, str, str]:
    return cached.repository, cached.repository, size_in_words(cached.size), cached.problem
