"""The probes of one fact, asked of both models: rows for a table."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.desktop.probe.prober import Answer, Question, Side
from workbench.desktop.widgets import tip
from workbench.evaluation.scores import PROTOCOLS
from workbench.facts.fact import Fact

KIND, PROMPT, EXPECTED, ORIGINAL, EDITED = range(5)
HEADERS = ("Probe", "Prompt", "Expected", "Original", "Edited")
IN_CHAT = ("prompt", "rephrase", "locality")  # what the scores ask in the chat too
VERDICT_ROLE = int(Qt.ItemDataRole.UserRole)  # (word, good) or None
Role = Qt.ItemDataRole
Index = QModelIndex | QPersistentModelIndex


@dataclass(slots=True)
class ProbeRow:
    kind: str  # "prompt", "rephrase", "locality", "portability"
    asked: Question
    answers: dict[Side, Answer] = field(default_factory=dict)

    @property
    def given(self) -> str:
        """What the models read, once one was asked."""
        read = next((answer.read for answer in self.answers.values() if answer.read), "")
        return f"As the model reads it:\n{read}" if read else self.asked.prompt

    def verdict(self, side: Side) -> tuple[str, bool] | None:
        """(word, whether it is good). On locality the edited model is held against the original one."""
        answer, before = self.answers.get(side), self.answers.get(Side.ORIGINAL)
        if answer is None:
            return None
        if self.kind == "locality" and side is Side.EDITED:
            if before is None or -1 in (before.first_token, answer.first_token):
                return None
            kept = before.first_token == answer.first_token
            return ("kept" if kept else "changed"), kept
        return None if answer.hit is None else ("hit" if answer.hit else "miss", answer.hit)

    @property
    def form(self) -> str:
        return f"{self.kind}, chat" if self.asked.chat else self.kind


def rows_of(fact: Fact, chat: bool) -> list[ProbeRow]:
    """What the scores ask, each also as a message where they do; probes without a prompt are left out."""
    probes = [("prompt", fact.prompt, fact.target)]
    probes += [("rephrase", text, fact.target) for text in fact.rephrases]
    probes += [("locality", probe.prompt, probe.answer) for probe in fact.locality]
    probes += [("portability", probe.prompt, probe.answer) for probe in fact.portability]
    return [
        ProbeRow(kind, Question(prompt, expected, in_chat))
        for kind, prompt, expected in probes
        for in_chat in ((False, True) if chat and kind in IN_CHAT else (False,))
        if prompt.strip()
    ]


class FactRows(QAbstractTableModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[ProbeRow] = []
        self._fact: Fact | None = None
        self._chat = False
        self._edited_name = HEADERS[EDITED]

    def set_edited_name(self, name: str) -> None:
        """Heads the edited model's answers."""
        self._edited_name = name
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, EDITED, EDITED)

    def set_fact(self, fact: Fact | None) -> None:
        self._fact = fact
        self._fill()

    def set_chat(self, chat: bool) -> None:
        """Whether the model has a chat template."""
        if chat != self._chat:
            self._chat = chat
            self._fill()

    def _fill(self) -> None:
        self.beginResetModel()
        self.rows = [] if self._fact is None else rows_of(self._fact, self._chat)
        self.endResetModel()

    def questions(self) -> list[Question]:
        return [row.asked for row in self.rows]

    def forget_answers(self) -> None:
        for row in self.rows:
            row.answers.clear()
        self._tell(range(len(self.rows)))

    def set_answer(self, row: int, side: Side, answer: Answer) -> None:
        self.rows[row].answers[side] = answer
        self._tell([row])

    def summary(self, side: Side) -> str:
        """``2 of 3 hit, 1 of 2 kept; in the chat 1 of 2 hit``."""
        plain, chat = (self._verdicts(side, in_chat) for in_chat in (False, True))
        return "; ".join(filter(None, (plain, chat and f"in the chat {chat}")))

    def _verdicts(self, side: Side, chat: bool) -> str:
        rows = [row for row in self.rows if row.asked.chat is chat]
        verdicts = [v for row in rows if (v := row.verdict(side)) is not None]
        return ", ".join(
            f"{sum(word == good for word, _ in verdicts)} of {sum(word in pair for word, _ in verdicts)} {good}"
            for pair in (("hit", "miss"), ("kept", "changed"))
            if any(word in pair for word, _ in verdicts)
            for good in pair[:1]
        )

    def _tell(self, rows: Sequence[int]) -> None:
        for row in rows:
            self.dataChanged.emit(self.index(row, ORIGINAL), self.index(row, EDITED))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Role.DisplayRole:
            return self._edited_name if section == EDITED else HEADERS[section]
        if role == Role.ToolTipRole and section in (ORIGINAL, EDITED):
            said = "hit or miss: what the model writes by itself against what is expected. "
            protocols = (PROTOCOLS[name] for name in ("generated", "generated_chat", "locality_kept"))
            return tip(said + "\n\n".join(protocols))
        return None

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        row, column = self.rows[index.row()], index.column()
        if column in (ORIGINAL, EDITED):
            return _answer_data(row, Side.ORIGINAL if column == ORIGINAL else Side.EDITED, role)
        text = (row.form, row.asked.prompt, row.asked.expected)[column]
        if role == Role.DisplayRole:
            return " ".join(text.split())
        if role != Role.ToolTipRole:
            return None
        return tip(row.given if column == PROMPT else text)


def _answer_data(row: ProbeRow, side: Side, role: int) -> object:
    answer, verdict = row.answers.get(side), row.verdict(side)
    match role:
        case Role.DisplayRole:
            return "" if answer is None else " ".join(answer.text.split())
        case Role.ToolTipRole:
            return "" if answer is None else tip(answer.text)
        case Role.AccessibleTextRole:
            return "" if answer is None else f"{verdict[0] if verdict else ''} {answer.text}".strip()
        case _:
            return verdict if role == VERDICT_ROLE else None
