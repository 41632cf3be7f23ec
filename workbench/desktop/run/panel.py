"""The run tab: what goes on, and the scores now against those before any edit."""

import math

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from workbench.desktop.run.checklist import Checklist
from workbench.desktop.run.progress import RunProgress
from workbench.desktop.theme import mark
from workbench.desktop.widgets import Sentence, label, row, scrolled, tip, tool_button
from workbench.editing.events import Spending
from workbench.evaluation.scores import PROTOCOLS, Scores
from workbench.evaluation.titles import TITLES

ORDER = tuple(TITLES)
NOT_EVERYWHERE = {"portability", *(name for name in TITLES if name.endswith("_chat"))}  # shown where known
UNKNOWN = "–"
WHY_UNKNOWN = {
    "gs": "No fact has a rephrased prompt.",
    "preference": "No fact has an old answer.",
    "locality_kept": "No fact has a prompt about something else, or the unedited model was not scored.",
    "ls": "No fact has a prompt about something else with a reference answer.",
    "perplexity": "There is no ordinary text to read.",
    "drift": "There is no ordinary text to read, or the unedited model was not scored.",
}
NOT_TAKEN = "This score was not taken."
EMPTY = "Nothing has run yet. Warm up, then edit: progress and scores appear here."
SCALE = 1_000
BUDGET = (
    "How much ordinary text has lost over all edits, of what the budget allows: the perplexity of text that the "
    "unedited model wrote, plain and as replies in the chat, whichever rose more. Neither key protection nor the "
    "reported perplexity sees that text."
)


class RunPanel(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("run-panel")
        self.headline = label("", "title")
        self.headline.setObjectName("run-headline")
        self.checklist = Checklist()
        self.count, self.pace = label("", wrap=False), label("", "dim")
        self.count.setObjectName("run-count")
        self.pace.setObjectName("run-pace")
        self.bar = QProgressBar(textVisible=False, maximum=SCALE)
        self.bar.setObjectName("run-bar")
        self.bar.setAccessibleName("Progress of the run")
        self.note = Sentence("run-note")
        self.empty = label(EMPTY, "dim")
        self.step = label("", "dim")
        self.spent, self.budget = label("", "dim"), QProgressBar(textVisible=False, maximum=SCALE)
        self.budget.setObjectName("run-budget")
        self.budget.setAccessibleName("Budget spent")
        for part in (self.spent, self.budget):
            part.setToolTip(tip(BUDGET))
        self.scores_title = label("", "group", wrap=False)
        self.figures = {name: _Figure(name) for name in ORDER}
        self._scores: tuple[Scores | None, Scores | None] = (None, None)
        self._lay_out()
        self.show_progress(RunProgress())

    def _lay_out(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        parts = (
            self.empty,
            self.headline,
            self.checklist,
            self.bar,
            self.count,
            self.pace,
            self.step,
            *self._gauge,
            self.note,
        )
        for part in parts:
            column.addWidget(part)
        column.addSpacing(8)
        self.copy = tool_button("copy", "run-copy-scores", "Copy the scores as a table")
        self.copy.clicked.connect(self._copy)
        self.heading = QWidget()
        self.heading.setLayout(row(self.scores_title, 1, self.copy))
        column.addWidget(self.heading)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        for number, figure in enumerate(self.figures.values()):
            for place, part in enumerate((figure.name, figure.now, figure.was)):
                grid.addWidget(part, number, place)
        column.addLayout(grid)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(content, "Run"))

    @property
    def _gauge(self) -> tuple[QLabel, QProgressBar]:
        return self.spent, self.budget

    def show_progress(self, progress: RunProgress, stopping: bool = False) -> None:
        known = bool(progress.name)
        self.empty.setVisible(not known)
        for part in (self.headline, self.checklist, self.count, self.pace, self.step):
            part.setVisible(known)
        number = f"Run {progress.run}" if progress.run else "Run"
        kind = "Warm-up" if progress.warming_up else number
        said = "Stopping…" if stopping and progress.running else progress.headline()
        self.headline.setText(f"{kind} · {said[:1].lower()}{said[1:]}" if known else "")
        self.checklist.show_items(progress.stages.items())
        self.count.setText(progress.count())
        self._show_bar(progress)
        times = " · ".join(part for part in (progress.times(), progress.pace()) if part)
        self.pace.setText(times)
        self.pace.setVisible(known and bool(times))
        self._show_step(progress)
        self._show_budget(progress.spending)
        self._show_note(progress)
        self._show_scores(progress)

    def _show_bar(self, progress: RunProgress) -> None:
        share = progress.share()
        self.bar.setVisible(progress.running)
        unknown = progress.running and share is None
        self.bar.setRange(0, 0 if unknown else SCALE)
        if not unknown:
            self.bar.setValue(round((share or 0) * SCALE))

    def _show_step(self, progress: RunProgress) -> None:
        if progress.warming_up:
            text = f"{progress.rows:,} rows of the {progress.rows_needed:,} that full whitening needs"
        elif progress.success is not None and not math.isnan(progress.success):
            text = f"Facts of step {progress.step:,}, right after it: ES {progress.success:.2f}"
        else:
            text = ""
        self.step.setText(text)
        self.step.setVisible(bool(text) and bool(progress.name))
        if progress.success is not None:
            self.step.setToolTip(tip(PROTOCOLS["es"]))

    def _show_budget(self, spending: Spending | None) -> None:
        for part in self._gauge:
            part.setVisible(spending is not None)
        if spending is not None:
            self.spent.setText(f"Budget · perplexity {spending.in_words()}")
            self.budget.setValue(round(SCALE * min(max(spending.spent / spending.allowed, 0), 1)))

    def _show_note(self, progress: RunProgress) -> None:
        notes = [progress.message] if progress.message else []
        if progress.minibatch:
            notes.append(
                f"Memory ran out: minibatches of {progress.minibatch} from there on, with the same results."
            )
        if progress.skipped:
            notes.append(f"{progress.skipped:,} facts were skipped: their steps were not finite.")
        if progress.shortened:
            notes.append(
                f"The budget shortened {progress.shortened:,} step{'s' * (progress.shortened > 1)}: facts that did not "
                "fit have not taken. A larger budget takes them."
            )
        self.note.say(" ".join(notes), "warning" if progress.minibatch or progress.skipped else "")

    def _show_scores(self, progress: RunProgress) -> None:
        before, after = progress.before, progress.after
        self.heading.setVisible(before is not None or after is not None)
        shown = after or before
        for name, figure in self.figures.items():
            figure.show_scores(name, shown, before if after is not None else None)
        when = (
            f"Scores after step {progress.scored_step:,}" if after is not None else "Scores before any edit"
        )
        on = f", {shown.facts:,} facts" if shown is not None else ""
        self.scores_title.setText(f"{when}{on}")
        self._scores = (before, after)

    @Slot()
    def _copy(self) -> None:
        before, after = self._scores
        lines = ["score\tbefore\tnow\tprotocol"]
        for name, title in ((name, TITLES[name]) for name in ORDER):
            values = [_number(name, scores) for scores in (before, after)]
            lines.append("\t".join([title, *values, PROTOCOLS[name]]))
        QGuiApplication.clipboard().setText("\n".join(lines))


class _Figure:
    """One row: name, value now, value before the edits."""

    def __init__(self, name: str) -> None:
        self.name, self.now, self.was = (
            label(TITLES[name], "dim", wrap=False),
            label(wrap=False),
            label(wrap=False),
        )
        self.now.setObjectName(f"run-score-{name}")
        mark(self.now, role="figure")
        mark(self.was, role="dim")
        for part in (self.now, self.was):
            part.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    @property
    def parts(self) -> tuple[QLabel, QLabel, QLabel]:
        return self.name, self.now, self.was

    def show_scores(self, name: str, now: Scores | None, before: Scores | None) -> None:
        text = _number(name, now)
        why = f"– : {WHY_UNKNOWN.get(name, NOT_TAKEN)}\n\n" if text == UNKNOWN else ""
        for part in self.parts:
            part.setVisible(now is not None and (text != UNKNOWN or name not in NOT_EVERYWHERE))
            part.setToolTip(tip(why + PROTOCOLS[name]))
        self.now.setText(text)
        was = f"was {_number(name, before)}" if before is not None else ""
        self.was.setText(was)
        said = text if text != UNKNOWN else WHY_UNKNOWN.get(name, NOT_TAKEN)
        self.now.setAccessibleName(f"{TITLES[name]}: {said} {was}".strip())


def _number(name: str, scores: Scores | None) -> str:
    value = math.nan if scores is None else float(getattr(scores, name))
    if math.isnan(value):
        return UNKNOWN
    return f"{value:,.1f}" if name == "perplexity" else f"{value:.3f}"
