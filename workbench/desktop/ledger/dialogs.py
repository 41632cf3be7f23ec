"""What is asked before a branch or a replay begins."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.ledger.choices import RunSteps, changes, replay_in_words
from workbench.desktop.theme import mark
from workbench.desktop.widgets import Sentence, label, permit

if TYPE_CHECKING:
    from workbench.editing.recipe import Recipe
    from workbench.session.records import RunRecord

WIDTH = 460


class _RunDialog(QDialog):
    """A sentence, the new run's name, and a button that says what happens."""

    def __init__(self, name: str, title: str, yes: str, run_name: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setMinimumWidth(WIDTH)
        self.name_field = QLineEdit(run_name)
        self.name_field.setObjectName(f"{name}-name")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(16, 16, 16, 16)
        self.column.setSpacing(12)
        self.reason = Sentence(f"{name}-reason")
        self.buttons = QDialogButtonBox()
        self.yes = self.buttons.addButton(yes, QDialogButtonBox.ButtonRole.AcceptRole)
        self.yes.setObjectName(f"{name}-start")
        mark(self.yes, primary=True)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _finish(self) -> None:
        form = QFormLayout()
        form.addRow("Name of the new run", self.name_field)
        self.column.addLayout(form)
        self.column.addWidget(self.reason)
        self.column.addWidget(self.buttons)

    @property
    def run_name(self) -> str:
        return self.name_field.text().strip()

    def _permit(self, reason: str) -> None:
        permit(self.yes, reason)
        self.reason.say(reason, "warning")


class BranchDialog(_RunDialog):
    def __init__(
        self,
        record: "RunRecord",
        step: int,
        recipe: "Recipe",
        modules: Sequence[str],
        parent: QWidget | None = None,
    ) -> None:
        from workbench.session.resume import why_no_branch

        suggested = f"{record.name}, from step {step}"
        super().__init__("branch-dialog", "Branch", "Start the branch", suggested, parent)
        self.column.addWidget(
            label(
                f"A new run goes on from the model after step {step:,} of run {record.id}, with the facts that come "
                "after it and the settings of the method panel. The run that it comes from stays as it is."
            )
        )
        changed = changes(record, recipe)
        said = "\n".join(f"{title}: {now} (was {was})" for title, was, now in changed)
        self.settings = label(said or "The settings are the same as in the run: change some in the method panel first, "
                              "or branch all the same.", "dim")  # fmt: skip
        self.settings.setObjectName("branch-dialog-settings")
        self.column.addWidget(self.settings)
        self._finish()
        self._permit(why_no_branch(record, step, recipe, modules))


class ReplayDialog(_RunDialog):
    """``in_ledger``, ``in_table``: positions in the run's facts, of those chosen in the one and in the other."""

    def __init__(
        self,
        steps: RunSteps,
        in_ledger: Sequence[int],
        in_table: Sequence[int],
        parent: QWidget | None = None,
    ) -> None:
        record = steps.record
        super().__init__("replay-dialog", "Replay without facts", "Start the replay", record.name, parent)
        self._steps, self._record = steps, record
        self._ledger, self._table = tuple(in_ledger), tuple(in_table)
        self._suggested = ""
        self.from_ledger = QRadioButton(f"The {_facts(len(in_ledger))} chosen in the ledger")
        self.from_ledger.setObjectName("replay-from-ledger")
        self.from_table = QRadioButton(f"The {_facts(len(in_table))} of the run chosen in the facts table")
        self.from_table.setObjectName("replay-from-table")
        permit(self.from_ledger, "" if in_ledger else "No fact is chosen on the right of the ledger.")
        permit(self.from_table, "" if in_table else "No fact of this run is chosen in the facts table.")
        (self.from_ledger if in_ledger else self.from_table).setChecked(True)
        self.says = label()
        self.says.setObjectName("replay-dialog-says")
        for part in (
            label(f"Leave out of run {record.id}", "group"),
            self.from_ledger,
            self.from_table,
            self.says,
        ):
            self.column.addWidget(part)
        self._finish()
        self.from_ledger.toggled.connect(self._show)
        self._show()

    def removed(self) -> tuple[int, ...]:
        return self._ledger if self.from_ledger.isChecked() else self._table

    @Slot()
    def _show(self) -> None:
        removed = self.removed()
        if not removed:
            self._permit("Choose the facts to leave out first, in the ledger or in the facts table.")
            return
        self.says.setText(replay_in_words(self._steps, removed))
        suggested = f"{self._record.name}, without {len(removed):,}"
        if self.run_name in ("", self._record.name, self._suggested):
            self.name_field.setText(suggested)
        self._suggested = suggested
        every = len(removed) >= self._record.facts
        self._permit("These are all facts of the run: leave some in." if every else "")


def _facts(number: int) -> str:
    return "one fact" if number == 1 else f"{number:,} facts"
