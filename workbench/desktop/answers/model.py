"""The table of answers: a row a fact, in the order and choice that the person wants."""

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QGuiApplication

from workbench.desktop.facts.eliding import SUBJECT_ROLE
from workbench.desktop.facts.store.states import MEANING, TOKEN
from workbench.desktop.run.fact_states import STATES
from workbench.desktop.theme import tokens_of
from workbench.desktop.widgets import tip
from workbench.evaluation.before_after import Answer, Answers
from workbench.evaluation.fact_history import FactHistory, Fate
from workbench.facts.text import fold

NUMBER, STATE, PROMPT, TARGET, WROTE = range(5)  # from WROTE on what the model wrote
UNKNOWN, NOTHING = "–", "(nothing)"
TITLES = {"before": "Before", "after": "After", "before_chat": "Before, chat", "after_chat": "After, chat"}
ABOUT = {
    "before": "What the unedited model writes by itself after the prompt.",
    "after": "What the edited model writes by itself after the prompt, when the run was last scored.",
    "before_chat": "What the unedited model replies in the chat.",
    "after_chat": "What the edited model replies in the chat, when the run was last scored.",
}
CUT = "An ellipsis: given up where it strays from the target."
SAYS = {"after": "says_it", "after_chat": "says_it_chat"}
NONE = Answers((), FactHistory())
Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole


class AnswersModel(QAbstractTableModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.answers = NONE
        self.columns: tuple[str, ...] = ()  # fields of Answer from WROTE on
        self._rows: list[int] = []
        self._words: tuple[str, ...] = ()
        self._only_not_said = False
        self._column, self._descending = -1, False

    def show(self, answers: Answers) -> None:
        self.beginResetModel()
        self.answers, self.columns = answers, answers.written()
        self._arrange()
        self.endResetModel()

    def filter(self, text: str, only_not_said: bool) -> None:
        """Every word must occur in a row's texts or its state."""
        self.beginResetModel()
        self._words, self._only_not_said = tuple(fold(text).split()), only_not_said
        self._arrange()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """A column of −1: lost facts first."""
        self.beginResetModel()
        self._column, self._descending = column, order == Qt.SortOrder.DescendingOrder
        self._arrange()
        self.endResetModel()

    def place(self, row: int) -> int:
        """The fact's in its run."""
        return self._rows[row]

    def lines(self, rows: Sequence[int] | None = None) -> list[list[str]]:
        """A heading and the rows shown, or these of them, as texts."""
        places = self._rows if rows is None else [self._rows[row] for row in rows]
        head = ["Fact", "State", "Prompt", "Target", *(TITLES[name] for name in self.columns)]
        return [head, *(self._texts(self.answers[place]) for place in places)]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else WROTE + len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        name = self.columns[section - WROTE] if section >= WROTE else ""
        if role == Role.DisplayRole:
            return TITLES[name] if name else ("No.", "State", "Prompt", "Target")[section]
        if role == Role.ToolTipRole:
            return tip(
                f"{ABOUT[name]} {CUT}" if name else "The fact's number in the run." if not section else ""
            )
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        if role not in (Role.DisplayRole, Role.ToolTipRole, Role.ForegroundRole, SUBJECT_ROLE):
            return None
        place, column = self._rows[index.row()], index.column()
        if role == SUBJECT_ROLE:
            return self.answers.facts[place].subject if column == PROMPT else None
        answer = self.answers[place]
        if role == Role.ForegroundRole:
            return self._colour(answer, column)
        text = self._texts(answer)[column]
        if role == Role.DisplayRole:
            return " ".join(text.split())
        state = STATES[answer.fate]
        return tip(f"{state.word.capitalize()}: {MEANING[state]}." if column == STATE else text)

    def _colour(self, answer: Answer, column: int) -> QColor | None:
        tokens = tokens_of(QGuiApplication.palette())
        if column == STATE:
            return QColor(getattr(tokens, TOKEN[STATES[answer.fate]]))
        if column in (PROMPT, TARGET):
            return None
        name = self.columns[column - WROTE] if column >= WROTE else ""
        says = getattr(answer, SAYS[name]) if name in SAYS else None
        return QColor(tokens.dim if says is None else tokens.good if says else tokens.bad)

    def _texts(self, answer: Answer) -> list[str]:
        wrote = [getattr(answer, name) for name in self.columns]
        texts = [UNKNOWN if text is None else text or NOTHING for text in wrote]
        return [f"{answer.place + 1:,}", answer.fate.value, answer.prompt, answer.target, *texts]

    def _arrange(self) -> None:
        found = self.answers.worst_first()
        if self._words or self._only_not_said:
            found = [place for place in found if self._matches(self.answers[place])]
        if self._column >= 0:
            found.sort(key=self._key, reverse=self._descending)
        self._rows = found

    def _matches(self, answer: Answer) -> bool:
        if self._only_not_said and answer.fate is Fate.SAID:
            return False
        text = fold("\n".join(self._texts(answer)[1:])) if self._words else ""
        return all(word in text for word in self._words)

    def _key(self, place: int) -> tuple[int, str]:
        if self._column == NUMBER:
            return place, ""
        if self._column == STATE:
            return 0, ""  # the places come worst first
        return 0, self._texts(self.answers[place])[self._column].casefold()
