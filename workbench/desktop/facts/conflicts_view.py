"""Facts that share a prompt, side by side; a tick keeps one."""

from collections.abc import Sequence
from enum import Enum
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QBrush, QColor, QFont, QGuiApplication
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QTableView, QVBoxLayout, QWidget

from workbench.desktop.facts.store.groups import Candidate, Group
from workbench.desktop.facts.store.states import IntArray
from workbench.desktop.facts.table_model import one_line, tip
from workbench.desktop.facts.widgets import choice_box, label_of, named, plain_label, set_up_rows
from workbench.desktop.theme import interface_font, mark, tokens_of
from workbench.desktop.theme.fonts import TABLE
from workbench.facts.text import count, cut

Index = QModelIndex | QPersistentModelIndex
Role = Qt.ItemDataRole
PROMPT, KIND, FIRST = 0, 1, 2  # columns; from FIRST on the candidates


class Keep(Enum):
    """``value`` is what the person reads."""

    FIRST = "Keep the first"
    LAST = "Keep the last"
    ALL = "Keep all"
    CHOSEN = "Keep what is ticked"


RULES = {
    Keep.FIRST: "What is in the table already, otherwise the first",
    Keep.LAST: "The newest; the others go, also from the table",
    Keep.ALL: "Each of them; later edits then compete with earlier ones",
    Keep.CHOSEN: "As ticked below",
}


class GroupsModel(QAbstractTableModel):
    kept_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.groups: Sequence[Group] = ()
        self.kept: list[list[bool]] = []
        self._width = 0
        self._mixed = False  # whether facts of the table and new ones are side by side
        self._struck: QFont | None = None

    def show(self, groups: Sequence[Group], conflicts: Keep, duplicates: Keep) -> None:
        self.beginResetModel()
        self.groups = groups
        self.kept = [_kept(group, conflicts if group.conflict else duplicates) for group in groups]
        self._mixed = any(candidate.new for group in groups for candidate in group.candidates)
        self._width = max((len(group.candidates) for group in groups), default=0)
        self.endResetModel()
        self.kept_changed.emit()

    def keep(self, conflict: bool, rule: Keep) -> None:
        """For all groups of one kind. CHOSEN leaves the ticks as they are."""
        if rule is Keep.CHOSEN or not self.groups:
            return
        for row, group in enumerate(self.groups):
            if group.conflict == conflict:
                self.kept[row] = _kept(group, rule)
        self.dataChanged.emit(self.index(0, 0), self.index(len(self.groups) - 1, self.columnCount() - 1))
        self.kept_changed.emit()

    def dropped(self) -> list[Candidate]:
        return [
            candidate
            for group, kept in zip(self.groups, self.kept, strict=True)
            for candidate, stays in zip(group.candidates, kept, strict=True)
            if not stays
        ]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.groups)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else FIRST + self._width

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Role.DisplayRole) -> Any:
        if role == Role.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if role != Role.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        return {PROMPT: "Prompt", KIND: "Targets"}.get(section, f"Fact {section - FIRST + 1}")

    def _candidate(self, index: Index) -> Candidate | None:
        place = index.column() - FIRST
        group = self.groups[index.row()]
        return group.candidates[place] if 0 <= place < len(group.candidates) else None

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        group = self.groups[index.row()]
        if index.column() == PROMPT:
            text = group.prompt
            return {Role.DisplayRole: one_line(text), Role.ToolTipRole: tip(text)}.get(Role(role))
        if index.column() == KIND:
            return ("differ" if group.conflict else "equal") if role == Role.DisplayRole else None
        candidate = self._candidate(index)
        if candidate is None:
            return None
        stays = self.kept[index.row()][index.column() - FIRST]
        if role == Role.DisplayRole:
            place = ("  ·  new" if candidate.new else "  ·  in the table") if self._mixed else ""
            return one_line(candidate.fact.target) + place
        if role == Role.CheckStateRole:
            return Qt.CheckState.Checked if stays else Qt.CheckState.Unchecked
        if role == Role.ToolTipRole:
            return tip(described(candidate))
        return None if stays else self._dropped_look(role)

    def _dropped_look(self, role: int) -> Any:
        if role == Role.ForegroundRole:
            return QBrush(QColor(tokens_of(QGuiApplication.palette()).dim))
        if role == Role.FontRole:
            if self._struck is None:
                self._struck = interface_font(TABLE)
                self._struck.setStrikeOut(True)
            return self._struck
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return (
            flags | Qt.ItemFlag.ItemIsUserCheckable if index.isValid() and self._candidate(index) else flags
        )

    def setData(self, index: Index, value: Any, role: int = Role.EditRole) -> bool:
        if role != Role.CheckStateRole or self._candidate(index) is None:
            return False
        self.kept[index.row()][index.column() - FIRST] = Qt.CheckState(value) == Qt.CheckState.Checked
        self.dataChanged.emit(index, index)
        self.kept_changed.emit()
        return True


def _kept(group: Group, rule: Keep) -> list[bool]:
    """FIRST keeps all that is in the table where new facts join it: an import then takes nothing away."""
    number = len(group.candidates)
    if rule in (Keep.ALL, Keep.CHOSEN):
        return [True] * number
    old = [not candidate.new for candidate in group.candidates]
    if rule is Keep.FIRST and any(old) and not all(old):
        return old
    stays = 0 if rule is Keep.FIRST else number - 1
    return [place == stays for place in range(number)]


def described(candidate: Candidate) -> str:
    """The whole fact in lines."""
    fact = candidate.fact
    place = f"{'New fact' if candidate.new else 'Fact'} {candidate.index + 1:,}"
    lines = [f"{place}{'' if candidate.new else ' of the table'}", fact.prompt, f"→ {fact.target}"]
    lines += [f"Old answer: {fact.old}"] * bool(fact.old)
    lines += [f"Rephrase: {cut(text, 120)}" for text in fact.rephrases[:3]]
    lines += [f"Locality: {cut(probe.prompt, 120)} → {probe.answer}" for probe in fact.locality[:2]]
    return "\n".join(lines)


class ConflictsView(QWidget):
    """Two rules for all, and the groups below them to tick by hand."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("conflicts-view")
        self.model = GroupsModel(self)
        self.summary = plain_label(name="conflicts-summary")
        self.conflicts_rule, conflicts_label = _rule("Different targets", "conflicts-rule")
        self.duplicates_rule, duplicates_label = _rule("Duplicates", "duplicates-rule")
        self.table = named(QTableView(), "conflicts-table", "Facts with the same prompt")
        set_up_rows(self.table)
        self.table.setModel(self.model)
        rules = QHBoxLayout()
        rules.setSpacing(8)
        for widget in (conflicts_label, self.conflicts_rule, duplicates_label, self.duplicates_rule):
            rules.addWidget(widget)
        rules.insertSpacing(2, 12)
        rules.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.summary)
        column.addLayout(rules)
        column.addWidget(self.table, 1)
        self._rule_row = (conflicts_label, self.conflicts_rule, duplicates_label, self.duplicates_rule)
        self.conflicts_rule.activated.connect(self._keep_conflicts)
        self.duplicates_rule.activated.connect(self._keep_duplicates)
        self.model.kept_changed.connect(self._summarise)
        self.model.dataChanged.connect(self._note_choice)

    def show_groups(self, groups: Sequence[Group]) -> None:
        conflicts, duplicates = self.conflicts_rule.currentData(), self.duplicates_rule.currentData()
        self.model.show(groups, conflicts, duplicates)
        header = self.table.horizontalHeader()
        for column in range(self.model.columnCount()):
            header.resizeSection(column, {PROMPT: 300, KIND: 92}.get(column, 190))
        for widget in (*self._rule_row, self.table):
            widget.setVisible(bool(groups))
        conflict = any(group.conflict for group in groups)
        for widget in self._rule_row[:2]:
            widget.setVisible(conflict)
        for widget in self._rule_row[2:]:
            widget.setVisible(bool(groups) and not all(group.conflict for group in groups))

    def dropped(self) -> tuple[IntArray, IntArray]:
        """Indices, ascending, of the table's facts and of the new facts that lost their tick."""
        gone = self.model.dropped()
        old = sorted(candidate.index for candidate in gone if not candidate.new)
        new = sorted(candidate.index for candidate in gone if candidate.new)
        return np.array(old, np.int64), np.array(new, np.int64)

    @Slot()
    def _keep_conflicts(self) -> None:
        self.model.keep(True, self.conflicts_rule.currentData())

    @Slot()
    def _keep_duplicates(self) -> None:
        self.model.keep(False, self.duplicates_rule.currentData())

    @Slot(object, object)
    def _note_choice(self, first: QModelIndex, last: QModelIndex) -> None:
        """A single tick by hand makes the rule of its kind what is ticked."""
        if first != last:
            return
        rule = self.conflicts_rule if self.model.groups[first.row()].conflict else self.duplicates_rule
        rule.setCurrentIndex(rule.findData(Keep.CHOSEN))

    @Slot()
    def _summarise(self) -> None:
        groups = self.model.groups
        conflicts = sum(group.conflict for group in groups)
        total = sum(len(group.candidates) for group in groups)
        gone = len(self.model.dropped())
        found = [f"{count(conflicts, 'prompt')} with different targets"] * bool(conflicts)
        found += [f"{count(len(groups) - conflicts, 'prompt')} with repeated facts"] * (
            len(groups) > conflicts
        )
        text = f"{' and '.join(found)}: {total - gone:,} of these {total:,} facts stay. Tick what stays."
        self.summary.setText(text if groups else "No prompt occurs twice: nothing to resolve.")
        mark(self.summary, role="" if groups else "dim")
        self.changed.emit()


def _rule(title: str, name: str) -> tuple[QComboBox, QLabel]:
    box = choice_box(name, title)
    for rule in Keep:
        box.addItem(rule.value, rule)
        box.setItemData(box.count() - 1, RULES[rule], Qt.ItemDataRole.ToolTipRole)
    return box, label_of(box)
