"""Study › Test the claims: how much to run, how far it is, and what held."""

from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from workbench.desktop.background import Work
from workbench.desktop.claims.claim_row import ClaimRow
from workbench.desktop.claims.request import claims, claims_folder
from workbench.desktop.study import StudyRequest
from workbench.desktop.study_dialog import StudyDialog, StudyWords, shown
from workbench.desktop.theme import mark
from workbench.desktop.widgets import label, line, row, scrolled
from workbench.desktop.words import breakable
from workbench.studies.claims.enough import Usable
from workbench.studies.claims.events import Claims, RunFinished, RunProgressed
from workbench.studies.claims.records import RunRecord
from workbench.studies.claims.settings import ClaimsSettings
from workbench.studies.claims.variants import VARIANTS
from workbench.studies.claims.verdicts import CLAIMS, ClaimResult

SIZE = QSize(980, 680)
INTRODUCTION = (
    "Edits the same facts in the same order with and without what the method adds, and says of each claim whether it "
    "held here. The model stays as it is."
)
WORDS = StudyWords(
    key="claims",
    title="Test the claims",
    start="Finished runs are saved and not done again",
    going_on="The claims are being tested.",
    unreadable="Give whole numbers.",
)


class ClaimsDialog(StudyDialog[ClaimsSettings, Claims]):
    def __init__(self, request: StudyRequest, folder: Path, parent: QWidget | None = None) -> None:
        """``folder``: where runs and results are kept."""
        super().__init__(WORDS, request, ClaimsSettings(), parent)
        self._folder = folder
        self._usable = Usable.of(request.facts, request.warmup)
        self._records: list[RunRecord] = []
        self.amount = label("", "caption", wrap=False)
        self.rows = {claim.name: ClaimRow(claim) for claim in CLAIMS}
        for claim_row in self.rows.values():
            claim_row.plot.export_failed.connect(self.export_failed)
        mark(self.start_button, primary=True)
        self._lay_out()
        self.refresh()
        self.resize(SIZE)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 12)
        column.setSpacing(8)
        top = QVBoxLayout()
        top.setContentsMargins(12, 0, 12, 0)
        top.setSpacing(8)
        top.addWidget(label(INTRODUCTION, "dim"))
        top.addLayout(row(*self.labelled_fields(), self.amount, 1))
        top.addWidget(self.problem)
        column.addLayout(top)
        column.addWidget(self._list_of_claims(), 1)
        bottom = QVBoxLayout()
        bottom.setContentsMargins(12, 0, 12, 0)
        bottom.setSpacing(8)
        bottom.addWidget(self.says)
        bottom.addWidget(self.progress)
        bottom.addLayout(row(1, self.close_button, self.start_button))
        column.addLayout(bottom)

    def _list_of_claims(self) -> QScrollArea:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for claim_row in self.rows.values():
            column.addWidget(line())
            column.addWidget(claim_row)
        column.addStretch()
        area = scrolled(content, "Claims")
        area.setObjectName("claims-list")
        return area

    def new_work(self, settings: ClaimsSettings) -> Work:
        self._records = []
        return claims(self.request, settings, self._folder)

    def lacking(self, settings: ClaimsSettings) -> str:
        self.amount.setText(f"{settings.seeds * len(VARIANTS):,} runs of {settings.facts:,} facts")
        return self._usable.lacking(settings)

    def follow(self, at: object) -> None:
        match at:
            case RunFinished():
                self._records.append(at.record)
                self._show(at.claims)
            case RunProgressed() if not self.stopping:
                self.progress.show_stage(_words(at), at.step, at.steps, "steps")

    def _show(self, results: tuple[ClaimResult, ...]) -> None:
        for result in results:
            claim_row = self.rows[result.name]
            claim_row.show_result(result, [r for r in self._records if r.variant in result.variants])

    def show_result(self, result: Claims) -> None:
        self._records = list(result.runs)
        self._show(result.claims)
        stopped = "Stopped; start again to go on. " if result.stopped else ""
        self.says.say(f"{stopped}{len(result.runs):,} runs are saved in {breakable(str(self._folder))}.")


def _words(at: RunProgressed) -> str:
    left = ""
    if at.seconds_left == at.seconds_left:
        minutes = round(at.seconds_left / 60)
        left = f", about {minutes:,} min left in all" if minutes else ", less than a minute left in all"
    return f"Run {at.done + 1} of {at.total}{left} · {at.title}, seed {at.seed}"


def open_claims(
    request: StudyRequest, parent: QWidget | None = None, folder: Path | None = None
) -> ClaimsDialog:
    return shown(ClaimsDialog(request, folder or claims_folder(), parent))
