"""The conflicts and duplicates of a table, to resolve at any time."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from workbench.desktop.facts.conflicts_view import ConflictsView
from workbench.desktop.facts.store.columns import facts_in_words
from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.facts.store.groups import groups_in
from workbench.desktop.facts.store.states import IntArray
from workbench.desktop.facts.widgets import push_button


class ConflictsDialog(QDialog):
    def __init__(self, facts: FactList, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("conflicts-dialog")
        self.setWindowTitle("Resolve conflicts")
        self.view = ConflictsView()
        self.buttons = QDialogButtonBox()
        self.drop = push_button("Drop", "conflicts-drop", primary=True)
        self.buttons.addButton(self.drop, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 12)
        column.setSpacing(12)
        column.addWidget(self.view, 1)
        column.addWidget(self.buttons)
        self.view.changed.connect(self._update)
        self.view.show_groups(groups_in(facts))
        self.resize(860, 520)

    def dropped(self) -> IntArray:
        """Indices, ascending, of the facts that go."""
        return self.view.dropped()[0]

    @Slot()
    def _update(self) -> None:
        gone = len(self.dropped())
        self.drop.setText(f"Drop {facts_in_words(gone)}" if gone else "Drop")
        self.drop.setEnabled(gone > 0)
        self.drop.setToolTip("" if gone else "Every fact has its tick, so that nothing would go.")
