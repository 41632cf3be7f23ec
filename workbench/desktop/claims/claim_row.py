"""One claim: what it says, whether it held, by which rule, and the runs that show it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.desktop.claims.plots import PLOTS
from workbench.desktop.theme import mark
from workbench.desktop.widgets import label
from workbench.studies.claims.records import RunRecord
from workbench.studies.claims.variants import BY_NAME
from workbench.studies.claims.verdicts import Claim, ClaimResult, Verdict

PLOT_SIZE = (380, 190)
_LEVELS = {
    Verdict.HELD: ("✓ Held", "good"),
    Verdict.DID_NOT_HOLD: ("✗ Did not hold", "bad"),
    Verdict.UNDECIDED: ("? Undecided: seeds disagree", "warning"),
    Verdict.NOT_MEASURED: ("Not measured yet", ""),
}


class ClaimRow(QWidget):
    """``show_result`` as runs come in."""

    def __init__(self, claim: Claim) -> None:
        super().__init__()
        self.setObjectName(f"claim-{claim.name}")
        self._claim = claim
        self.title = label(claim.title, "title")
        self.verdict = label(_LEVELS[Verdict.NOT_MEASURED][0], "caption", wrap=False)
        self.verdict.setObjectName(f"claim-{claim.name}-verdict")
        self.figures = label("")
        self.figures.setObjectName(f"claim-{claim.name}-figures")
        self.figures.hide()
        self.figures.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.rule = label(f"Rule: {claim.rule}", "caption")
        compared = ", ".join(BY_NAME[name].title.lower() for name in claim.variants)
        self.compared = label(f"Runs: {compared}.", "caption")
        self.plot = PLOTS[claim.curve](claim.variants)
        self.plot.setMinimumSize(*PLOT_SIZE)
        self.plot.setObjectName(f"claim-{claim.name}-plot")
        self._lay_out()

    def show_result(self, result: ClaimResult, records: Sequence[RunRecord]) -> None:
        words, level = _LEVELS[result.verdict]
        if result.verdict is not Verdict.NOT_MEASURED:
            words += f" · {len(result.seeds)} {'seed' if len(result.seeds) == 1 else 'seeds'}"
        self.verdict.setText(words)
        mark(self.verdict, role="" if level else "caption", level=level)
        self.figures.setText(figures_in_words(result))
        self.figures.setVisible(bool(self.figures.text()))
        self.plot.set_records(records)

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(4)
        for part in (self.title, self.verdict, self.figures, self.rule, self.compared):
            words.addWidget(part)
        words.addStretch()
        across = QHBoxLayout(self)
        across.setContentsMargins(12, 8, 12, 8)
        across.setSpacing(12)
        across.addLayout(words, 1)
        across.addWidget(self.plot, 1)


def figures_in_words(result: ClaimResult) -> str:
    """A line a figure, each seed's value after the mean where there are several."""
    lines = []
    for name, values in result.figures.items():
        mean = sum(values) / len(values)
        seeds = f"  ({', '.join(f'{value:.3g}' for value in values)})" if len(values) > 1 else ""
        lines.append(f"{name[:1].upper()}{name[1:]}: {mean:.3g}{seeds}")
    return "\n".join(lines)
