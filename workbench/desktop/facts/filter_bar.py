"""The filter over a table: a field for words and a menu of states."""

from PySide6.QtCore import QPointF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget

from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.facts.store.query import Query, parse
from workbench.desktop.facts.store.states import MEANING, TOKEN, State
from workbench.desktop.facts.widgets import named, tool_button
from workbench.desktop.theme import icon, tokens_of
from workbench.desktop.widgets import clearable

AT_ONCE = 50_000  # facts up to which each keystroke filters at once
PAUSE_MS = 120  # of typing, before a longer list is filtered


def state_icon(colour: str, tick: str, ratio: float) -> QIcon:
    """The square that the table draws; larger and with a tick where the colour of one is given."""
    picture = QPixmap(QSize(16, 16) * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    if tick:
        painter.drawRoundedRect(1, 1, 14, 14, 4, 4)
        painter.setPen(QPen(QColor(tick), 2))
        painter.drawPolyline([QPointF(4.5, 8.5), QPointF(7, 11), QPointF(11.5, 5.5)])
    else:
        painter.drawRoundedRect(4, 4, 8, 8, 2, 2)
    painter.end()
    return QIcon(picture)


class FilterBar(QWidget):
    changed = Signal(object)  # Query

    def __init__(self, facts: FactList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._facts = facts
        self._states: frozenset[State] = frozenset()
        self._pause = QTimer(self, singleShot=True)
        self._pause.timeout.connect(self._tell)
        self.field = QLineEdit(placeholderText="Filter prompt, target, tag or state")
        clearable(self.field)
        named(self.field, "facts-filter", "Filter facts")
        self.field.setToolTip('Every word must occur; "words in quotes" belong together. Ctrl+F')
        looking = self.field.addAction(icon("search", "dim"), QLineEdit.ActionPosition.LeadingPosition)
        looking.setText("Filter")
        self.field.textChanged.connect(self._typed)
        self.states_button = tool_button("filter", "", "facts-states")
        self.states_button.setCheckable(True)
        self.states_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.states_button.setMenu(self._menu)
        self._describe_button()
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addWidget(self.states_button)

    def query(self) -> Query:
        return parse(self.field.text(), self._states)

    def clear(self) -> None:
        self.field.clear()
        self.set_states(frozenset())
        self._pause.stop()
        self._tell()

    def set_states(self, states: frozenset[State]) -> None:
        """Empty: facts in any state are shown."""
        if states != self._states:
            self._states = states
            self._describe_button()
            self._tell()

    def _describe_button(self) -> None:
        words = ", ".join(state.word for state in sorted(self._states))
        tip = f"Only facts that are {words}" if words else "Show only facts in certain states"
        self.states_button.setChecked(bool(words))
        self.states_button.setToolTip(tip)
        self.states_button.setAccessibleName(tip)

    @Slot()
    def _fill_menu(self) -> None:
        self._menu.clear()
        tokens = tokens_of(self.palette())
        for state, number in self._facts.state_counts().items():
            if not number and state not in self._states:
                continue
            action = QAction(f"{state.word.capitalize()}   {number:,}", self._menu, checkable=True)
            tick = tokens.pane if state in self._states else ""
            action.setIcon(state_icon(getattr(tokens, TOKEN[state]), tick, self.devicePixelRatioF()))
            action.setChecked(state in self._states)
            action.setToolTip(MEANING[state].capitalize())
            action.setData(int(state))
            action.triggered.connect(self._toggle_state)
            self._menu.addAction(action)
        self._menu.addSeparator()
        every = self._menu.addAction("Any state")
        every.setEnabled(bool(self._states))
        every.setToolTip("" if self._states else "Facts in any state are shown already.")
        every.triggered.connect(self._any_state)

    @Slot()
    def _toggle_state(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.set_states(self._states ^ {State(action.data())})

    @Slot()
    def _any_state(self) -> None:
        self.set_states(frozenset())

    @Slot()
    def _typed(self) -> None:
        self._pause.start(0 if len(self._facts) <= AT_ONCE else PAUSE_MS)

    @Slot()
    def _tell(self) -> None:
        self._describe_button()
        self.changed.emit(self.query())
