"""The wizard's last page: which facts, into which list, and what of those that share a prompt."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
    QWizardPage,
)

from workbench.desktop.facts.conflicts_view import ConflictsView
from workbench.desktop.facts.importing.reading import Result
from workbench.desktop.facts.store.columns import facts_in_words
from workbench.desktop.facts.store.groups import limited
from workbench.desktop.facts.store.states import IntArray
from workbench.desktop.facts.widgets import named, plain_label

FACTS, WARMUP = "facts", "warmup"  # the lists


class ReviewPage(QWizardPage):
    def __init__(self, to_warmup: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFinalPage(True)
        self._result: Result | None = None
        self.to_facts = named(QRadioButton("Facts, to edit"), "import-to-facts")
        self.to_warmup = named(QRadioButton("Warm-up, for the statistics"), "import-to-warmup")
        self._lists = QButtonGroup(self)
        for button in (self.to_facts, self.to_warmup):
            self._lists.addButton(button)
        (self.to_warmup if to_warmup else self.to_facts).setChecked(True)
        self.only_first = named(QCheckBox("Only the first"), "import-only-first")
        self.limit = named(QSpinBox(minimum=1, maximum=1), "import-limit", "How many facts")
        self.limit.lineEdit().setTextMargins(6, 0, 0, 0)
        self.limit.setEnabled(False)
        self.limit.setGroupSeparatorShown(True)
        self.limit.setMinimumWidth(140)
        self.limit.setSuffix(" facts")
        self.limit.setKeyboardTracking(False)
        self.limit.setToolTip("Tick “Only the first” to import fewer facts than the file holds.")
        self.outcome = plain_label(name="import-outcome", role="title")
        self.view = ConflictsView()
        self._lay_out()
        self._lists.buttonClicked.connect(self._show_groups)
        self.only_first.toggled.connect(self._toggle_limit)
        self.limit.valueChanged.connect(self._show_groups)
        self.view.changed.connect(self._show_outcome)
        self.view.changed.connect(self.completeChanged)

    def _lay_out(self) -> None:
        choices = QHBoxLayout()
        choices.setSpacing(8)
        into = QLabel("Into")
        widgets: tuple[QWidget, ...] = (into, self.to_facts, self.to_warmup, self.only_first, self.limit)
        for widget in widgets:
            choices.addWidget(widget)
        choices.insertSpacing(3, 24)
        choices.addStretch(1)
        title = plain_label("Same prompt more than once", role="group")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(choices)
        column.addSpacing(4)
        column.addWidget(title)
        column.addWidget(self.view, 1)
        column.addWidget(self.outcome)
        column.addStretch(0)

    def show_result(self, result: Result) -> None:
        if result is not self._result:
            self._result = result
            self.limit.setMaximum(max(len(result.facts), 1))
            self.limit.setValue(len(result.facts))
            self._show_groups()

    def isComplete(self) -> bool:
        """False where the import would change nothing."""
        old, new = self.dropped()
        return self.number() > len(new) or len(old) > 0

    @property
    def destination(self) -> str:
        return WARMUP if self.to_warmup.isChecked() else FACTS

    def number(self) -> int:
        """How many facts from the start of the file are asked for."""
        everything = len(self._result.facts) if self._result else 0
        return min(self.limit.value(), everything) if self.only_first.isChecked() else everything

    def dropped(self) -> tuple[IntArray, IntArray]:
        """Indices, ascending, of the table's facts to remove and of the new facts to leave out."""
        return self.view.dropped()

    @Slot(bool)
    def _toggle_limit(self, on: bool) -> None:
        self.limit.setEnabled(on)
        why = "Tick “Only the first” to import fewer facts than the file holds."
        self.limit.setToolTip("How many facts from the start of the file" if on else why)
        self._show_groups()

    @Slot()
    def _show_groups(self) -> None:
        if self._result is not None:
            groups = self._result.groups[self.destination]
            everything = self.number() == len(self._result.facts)
            self.view.show_groups(groups if everything else limited(groups, self.number()))

    @Slot()
    def _show_outcome(self) -> None:
        if not self.isComplete():
            self.outcome.setText("Nothing would change: every fact of the file is left out.")
            return
        old, new = self.dropped()
        name = "Facts" if self.destination == FACTS else "Warm-up"
        text = f"{facts_in_words(self.number() - len(new))} will be added to {name}"
        gone = f", and {facts_in_words(len(old))} of the table will go" if len(old) else ""
        self.outcome.setText(f"{text}{gone}. One Undo takes it all back.")
