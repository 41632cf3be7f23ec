"""What can be loaded without typing a whole name: what was used last, the starter, the hub and its cache."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from workbench.desktop.model.recent import is_path
from workbench.desktop.theme import CAPTION, interface_font, tokens_of
from workbench.desktop.widgets import tip
from workbench.desktop.words import size_in_words

if TYPE_CHECKING:
    from workbench.models.catalogue import CachedModel, Catalogue, StarterState

Move = QAbstractItemView.CursorAction
STARTER = "starter"  # what models.sources calls it
SOURCE_ROLE = int(Qt.ItemDataRole.UserRole)
PROBLEM_ROLE = SOURCE_ROLE + 1


class Row(NamedTuple):
    source: str
    title: str
    state: str = ""
    problem: str = ""  # why it cannot be loaded


class SourceList(QTreeWidget):
    """Groups of sources; a source comes with its state in the second column."""

    picked = Signal(str)  # a source was made current
    wanted = Signal(str)  # a source was double-clicked or confirmed with Return

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model-sources")
        self.setAccessibleName("Models to choose from")
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
        self._here: dict[str, list[Row]] = {}  # by the title of their group
        self._found: tuple[str, list[Row]] = "", []  # on the hub
        self._words = ""
        self.currentItemChanged.connect(self._tell_picked)
        self.itemActivated.connect(self._tell_wanted)

    def fill(self, catalogue: "Catalogue", recent: Mapping[str, str]) -> None:
        """``recent``: source → why it cannot be loaded any more; the one used last comes first."""
        rows = [_starter_row(catalogue.starter), *map(_cached_row, catalogue.cached)]
        known = {row.source: row for row in rows}
        used = [known.get(source, _other_row(source, problem)) for source, problem in recent.items()]
        self._here = {
            "Used last": used,
            "Starter": [row for row in rows[:1] if row not in used],
            "In the local cache of the hub": [row for row in rows[1:] if row not in used],
        }
        self._rebuild()

    @property
    def narrowed(self) -> bool:
        return bool(self._words)

    def narrow(self, words: str) -> None:
        """To what contains the words; what was found on the hub for others goes."""
        self._words, self._found = words.casefold(), ("", [])
        self._rebuild()

    def show_found(self, title: str, sources: Sequence[str]) -> None:
        """Below what is here, under the title: what the hub has beside it."""
        here = {row.source for rows in self._here.values() for row in rows}
        self._found = title, [Row(s, s, "to be downloaded") for s in sources if s not in here]
        self._rebuild()

    def _rebuild(self) -> None:
        source = self._current_source()
        self.blockSignals(True)
        self.clear()
        for title, rows in self._here.items():
            fitting = [r for r in rows if self._words in f"{r.source} {r.title}".casefold()]
            if fitting:
                self._group(title, fitting)
        if self._found[0]:
            self._group(*self._found)
        self.blockSignals(False)
        self._colour()
        self.show_source(source)

    def show_source(self, source: str) -> None:
        """Marks the row of this source, or none."""
        self.blockSignals(True)
        found = [item for item in self._rows() if item.data(0, SOURCE_ROLE) == source]
        self.setCurrentItem(found[0] if found else None)  # type: ignore[arg-type]
        self.blockSignals(False)

    def sources(self) -> list[str]:
        return [str(item.data(0, SOURCE_ROLE)) for item in self._rows()]

    def first(self) -> str:
        """The first source that can be loaded; empty where there is none."""
        return next((str(i.data(0, SOURCE_ROLE)) for i in self._rows() if not i.data(0, PROBLEM_ROLE)), "")

    def enter(self) -> None:
        """Takes the keyboard, at the row that is marked or at the first source."""
        if not self._current_source() and (rows := self._rows()):
            self.setCurrentItem(rows[0])
        self.setFocus()

    def moveCursor(self, action: Move, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Arrow keys pass over headings; where none is marked yet, a heading is, so that nothing is chosen by Tab."""
        index = super().moveCursor(action, modifiers)
        if self.currentIndex().isValid() and not index.parent().isValid():
            back = action in (Move.MoveUp, Move.MovePageUp, Move.MoveEnd)
            index = self.indexAbove(index) if back else self.indexBelow(index)
            return index if index.parent().isValid() else self.currentIndex()
        return index

    def _rows(self) -> list[QTreeWidgetItem]:
        groups = [self.topLevelItem(i) for i in range(self.topLevelItemCount())]
        rows = [g.child(k) for g in groups if g is not None for k in range(g.childCount())]
        return [row for row in rows if row is not None]

    def _group(self, title: str, rows: list[Row]) -> None:
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
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
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


def _starter_row(starter: "StarterState") -> Row:
    if starter.file is None:
        state = "not on this computer"
    else:
        state = "ready" if starter.converted else "will be converted once"
    return Row(STARTER, starter.title, state)


def _cached_row(cached: "CachedModel") -> Row:
    return Row(cached.repository, cached.repository, size_in_words(cached.size), cached.problem)


def _other_row(source: str, problem: str) -> Row:
    """A folder or a file, or a hub model that is no longer in the cache."""
    return Row(source, source, "" if is_path(source) else "to be downloaded", problem)
