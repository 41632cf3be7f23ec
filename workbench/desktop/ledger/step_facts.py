"""The facts of the chosen steps, with their numbers in the run and what the last scoring found."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QGuiApplication

from workbench.desktop.facts.store.states import MEANING, TOKEN, State
from workbench.desktop.theme import tokens_of
from workbench.desktop.widgets import tip
from workbench.evaluation.explaining import wrote_in_words
from workbench.evaluation.fact_history import FactHistory
from workbench.facts.fact import Fact

NUMBER, PROMPT, TARGET, STATE = range(4)
TITLES = ("No.", "Prompt", "Target", "Now")
ABOUT = (
    "The fact's number in the run.",
    "",
    "",
    "Whether the model said the target when the run was last scored.",
)
Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole


@dataclass(frozen=True, slots=True)
class RunFacts:
    """All facts of a run, read once for as long as the run is looked at."""

    run: int
    facts: Sequence[Fact]
    warmup: Sequence[Fact]
    states: Sequence[State]  # of those that a step has touched
    history: FactHistory


class StepFacts(QAbstractTableModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._of: RunFacts | None = None
        self._positions: list[int] = []
        self.warming_up = False

    def show(self, of: RunFacts | None, positions: Sequence[int] = (), warming_up: bool = False) -> None:
        self.beginResetModel()
        self._of, self.warming_up = of, warming_up
        held = 0 if of is None else len(of.warmup if warming_up else of.facts)
        self._positions = [p for p in positions if p < held]
        self.endResetModel()

    def position(self, row: int) -> int:
        return self._positions[row]

    def fact(self, row: int) -> Fact:
        assert self._of is not None
        facts = self._of.warmup if self.warming_up else self._of.facts
        return facts[self._positions[row]]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._positions)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Role.DisplayRole:
            return TITLES[section]
        return tip(ABOUT[section]) if role == Role.ToolTipRole else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        state = self._state(index.row()) if index.column() == STATE else None
        match role:
            case Role.DisplayRole:
                return " ".join(self._text(index.row(), index.column()).split())
            case Role.ToolTipRole if index.column() in (PROMPT, TARGET):
                return tip(self._text(index.row(), index.column()))
            case Role.ToolTipRole if state is not None and self._of is not None:
                wrote = wrote_in_words(self._of.history.of(self._positions[index.row()]).wrote)
                return tip(f"{state.word.capitalize()}: {MEANING[state]}.\n\n{wrote}".rstrip())
            case Role.ForegroundRole if state is not None:
                return QColor(getattr(tokens_of(QGuiApplication.palette()), TOKEN[state]))
            case Role.ForegroundRole if index.column() == NUMBER:
                return QColor(tokens_of(QGuiApplication.palette()).dim)
        return None

    def _text(self, row: int, column: int) -> str:
        match column:
            case 0:
                return f"{self._positions[row] + 1:,}"
            case 1:
                return self.fact(row).prompt
            case 2:
                return self.fact(row).target
        state = self._state(row)
        return "" if state is None else state.word

    def _state(self, row: int) -> State | None:
        """None for warm-up facts and those that no step has touched."""
        position = self._positions[row]
        if self._of is None or self.warming_up or position >= len(self._of.states):
            return None
        return self._of.states[position]
