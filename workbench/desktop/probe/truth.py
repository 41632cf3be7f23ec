"""What a run found of one fact, and its scores before and after as rows for a table."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.desktop.widgets import tip
from workbench.evaluation.fact_history import FactRecord
from workbench.evaluation.scores import LOSS_PROTOCOL, PROTOCOLS
from workbench.facts.diagnosis import Reason
from workbench.facts.fact import Fact

BEFORE, AT_EDIT, AFTER = range(3)  # rows; column 0 says when
# As they are called beside a single fact; ES and loss are also read right after the fact's own step.
SHOWN = {
    "generated": "Says it",
    "generated_chat": "In the chat",
    "es": "ES",
    "exact": "Exact",
    "preference": "Preference",
    "gs": "GS",
    "ls": "LS",
    "locality_kept": "Kept",
    "loss": "Loss",
}
YES_OR_NO = ("exact", "generated", "generated_chat", "preference")  # of one fact
UNKNOWN = "–"
Role = Qt.ItemDataRole
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class FactTruth:
    record: FactRecord
    run: str  # which run, in words
    number: int  # the fact's in the run, from 1
    reasons: tuple[Reason, ...]


Truths = Callable[[Fact], FactTruth | None]  # None: no run that is shown had the fact


def value_in_words(name: str, value: float) -> str:
    if math.isnan(value):
        return UNKNOWN
    if name in YES_OR_NO:
        return "yes" if value >= 0.5 else "no"
    return f"{value:.2f}"


def heading(truth: FactTruth) -> str:
    """``Lost · step 3 · fact 207 of run 2, lower floor``."""
    record = truth.record
    step = f" · step {record.step:,}" if record.step else ""
    return f"{record.fate.value.capitalize()}{step} · fact {truth.number:,} of {truth.run}"


class TruthRows(QAbstractTableModel):
    """A row for the unedited model, for the fact's own step and for now; a column for each score."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.record: FactRecord | None = None

    def set_record(self, record: FactRecord | None) -> None:
        if record != self.record:
            self.beginResetModel()
            self.record = record
            self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() or self.record is None else AFTER + 1

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(SHOWN) + 1

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Role.DisplayRole:
            return ("", *SHOWN.values())[section]
        return tip(_protocol(section)) if role == Role.ToolTipRole else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> object:
        if self.record is None:
            return None
        if role == Role.ToolTipRole:
            return tip(_protocol(index.column()))
        if role != Role.DisplayRole:
            return None
        if not index.column():
            return _when(self.record)[index.row()]
        name = tuple(SHOWN)[index.column() - 1]
        return value_in_words(name, _scores(self.record, index.row()).get(name, math.nan))


def _when(record: FactRecord) -> tuple[str, str, str]:
    """In the order of the rows."""
    own = f"Step {record.step:,}, its own" if record.step else "Its own step"
    return "Unedited", own, f"Step {record.after_step:,}, now" if record.after_step else "Not scored since"


def _scores(record: FactRecord, row: int) -> Mapping[str, float]:
    if row == AT_EDIT:
        return {"es": record.at_edit.es, "loss": record.at_edit.loss} if record.at_edit else {}
    return record.before if row == BEFORE else record.after


def _protocol(column: int) -> str:
    if not column:
        return "After which step; right after a fact's own only ES and loss are read."
    name = tuple(SHOWN)[column - 1]
    return LOSS_PROTOCOL if name == "loss" else f"{PROTOCOLS[name]}\n\nHere of this fact alone."
