"""One fact in full: prompt and target, rephrases, probes and tags, with live advice."""

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QFrame,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.facts.lines_table import LinesTable
from workbench.desktop.facts.store.columns import problem_of, tags_of
from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.facts.widgets import label_of, plain_label, push_button
from workbench.desktop.questions import may_lose_typed
from workbench.desktop.theme import mark
from workbench.facts.fact import Fact, Probe
from workbench.facts.text import clean, cut, fold

PROMPT_LINES = 2
SIZE = 600, 680  # pixels


class FactForm(QDialog):
    """``index`` of a fact of ``facts`` to edit, or −1 to add one after another."""

    accepted_fact = Signal(object)  # Fact; at each Save while adding

    def __init__(self, facts: FactList, index: int = -1, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("fact-form")
        self._facts, self._index = facts, index
        self._original = facts[index] if index >= 0 else Fact("", "")
        self.setWindowTitle("Edit a fact" if index >= 0 else "Add a fact")
        self._make_fields()
        self._make_buttons()
        self._lay_out()
        self._fill(self._original)
        self._check()
        self.prompt.setFocus()
        self.resize(*SIZE)

    def fact(self) -> Fact:
        return Fact(
            clean(self.prompt.toPlainText()),
            clean(self.target.text()),
            clean(self.subject.text()),
            clean(self.old.text()),
            tuple(row[0] for row in self.rephrases.rows()),
            _probes(self.locality.rows()),
            _probes(self.portability.rows()),
            tags_of(self.tags.text()),
            self._original.key,
        )

    def _make_fields(self) -> None:
        self.prompt = QPlainTextEdit(placeholderText="The mother tongue of Danielle Darrieux is")
        self.prompt.setTabChangesFocus(True)
        self.prompt.setFixedHeight(self.prompt.fontMetrics().lineSpacing() * PROMPT_LINES + 20)
        self.target = QLineEdit(placeholderText="English")
        self.subject = QLineEdit(placeholderText="Danielle Darrieux")
        self.old = QLineEdit(placeholderText="French")
        self.rephrases = LinesTable("form-rephrases", ("Prompt",))
        self.locality = LinesTable("form-locality", ("Prompt", "Answer", "Kind"))
        self.portability = LinesTable("form-portability", ("Prompt", "Answer", "Kind"))
        self.tags = QLineEdit(placeholderText="between commas")
        self.advice = plain_label(name="form-advice")
        for name in ("prompt", "target", "subject", "old", "tags"):
            field: QWidget = getattr(self, name)
            field.setObjectName(f"form-{name}")
        self.prompt.textChanged.connect(self._check)
        for line in (self.target, self.subject, self.old, self.tags):
            line.textChanged.connect(self._check)
        for table in (self.rephrases, self.locality, self.portability):
            table.changed.connect(self._check)

    def _make_buttons(self) -> None:
        self.buttons = QDialogButtonBox()
        self.save = push_button("Save", "form-save", primary=True)
        self.buttons.addButton(self.save, QDialogButtonBox.ButtonRole.AcceptRole)
        self.another = push_button("Save and add another", "form-another")
        if self._index < 0:
            self.another.setShortcut("Ctrl+Return")
            self.buttons.addButton(self.another, QDialogButtonBox.ButtonRole.ActionRole)
        self.buttons.addButton(
            "Cancel" if self._index >= 0 else "Close", QDialogButtonBox.ButtonRole.RejectRole
        )
        self.save.clicked.connect(self._save)
        self.another.clicked.connect(self._save_another)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(16, 16, 16, 12)
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows: tuple[tuple[str, QWidget, str], ...] = (
            ("Prompt", self.prompt, "What the model is given to continue"),
            ("Target", self.target, "What it should answer after the edit"),
            ("Subject", self.subject, "Who or what the fact is about; optional"),
            ("Old answer", self.old, "What the model answered before, where you know it; optional"),
            (
                "Rephrases",
                self.rephrases,
                "Other wordings that should give the target too; they measure generalisation",
            ),
            (
                "Locality",
                self.locality,
                "Prompts whose answers must not change; they measure what else was hit",
            ),
            ("Portability", self.portability, "Prompts whose answers follow from the new fact"),
            ("Tags", self.tags, "Your own words to filter by, between commas"),
        )
        for title, field, about in rows:
            label = label_of(field, title)
            label.setToolTip(about)
            field.setToolTip(about)
            field.setAccessibleName(title)
            field.setAccessibleDescription(about)
            form.addRow(label, field)
        inner = QWidget()
        upper = QVBoxLayout(inner)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.addLayout(form)
        upper.addStretch(1)
        area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inner)
        bottom = QVBoxLayout()
        bottom.setContentsMargins(16, 8, 16, 12)
        bottom.setSpacing(8)
        bottom.addWidget(self.advice)
        bottom.addWidget(self.buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(area, 1)
        column.addLayout(bottom)

    def _fill(self, fact: Fact) -> None:
        self.prompt.setPlainText(fact.prompt)
        for line, text in (
            (self.target, fact.target),
            (self.subject, fact.subject),
            (self.old, fact.old),
            (self.tags, ", ".join(fact.tags)),
        ):
            line.setText(text)
        self.rephrases.set_rows((text,) for text in fact.rephrases)
        for table, probes in ((self.locality, fact.locality), (self.portability, fact.portability)):
            table.set_rows(_cells(probes))
            table.setColumnHidden(2, not any(probe.kind for probe in probes))
        self._filled = self.fact()

    @Slot()
    def _check(self) -> None:
        fact = self.fact()
        problem = problem_of(fact)
        if not problem and self._half_a_probe():
            problem = "A probe has an answer and no prompt: type its prompt or clear the row."
        for button in (self.save, self.another):
            button.setEnabled(not problem)
            button.setToolTip(problem)
        advice = problem or self._advice(fact)
        mark(self.advice, level="" if problem and not self._started() else "warning" if advice else "good")
        self.advice.setText(advice or "Ready to save.")

    def _half_a_probe(self) -> bool:
        return self.locality.incomplete() or self.portability.incomplete()

    def _started(self) -> bool:
        """Whether enough was typed that something missing is a mistake."""
        return bool(self.prompt.toPlainText().strip())

    def _advice(self, fact: Fact) -> str:
        for other in self._facts.same_prompt(fact).tolist():
            if other == self._index:
                continue
            if fold(self._facts[other].target) == fold(fact.target):
                return "A fact with this prompt and target is in the table already."
            target = cut(self._facts[other].target, 40)
            return f"Another fact has this prompt with the target “{target}”: they contradict each other."
        if fact.subject and fold(fact.subject) not in fold(fact.prompt):
            return "The prompt does not mention the subject."
        if fold(fact.prompt) in map(fold, fact.rephrases):
            return "A rephrase is the prompt itself: it measures nothing new."
        return ""

    def reject(self) -> None:
        """Escape, Close and the window's own button; asks where typed text would be lost."""
        typed = self.fact() != self._filled or self._half_a_probe()
        if not typed or may_lose_typed(self):
            super().reject()

    @Slot()
    def _save(self) -> None:
        if self._index < 0:
            self.accepted_fact.emit(self.fact())
        self.accept()

    @Slot()
    def _save_another(self) -> None:
        self.accepted_fact.emit(self.fact())
        self._fill(Fact("", "", tags=self.fact().tags))
        self._check()
        self.advice.setText("Saved. Type the next one.")
        mark(self.advice, level="good")
        self.prompt.setFocus()


def _probes(rows: Iterable[tuple[str, ...]]) -> tuple[Probe, ...]:
    return tuple(Probe(*row) for row in rows)


def _cells(probes: Iterable[Probe]) -> Iterable[tuple[str, ...]]:
    return ((probe.prompt, probe.answer, probe.kind) for probe in probes)
