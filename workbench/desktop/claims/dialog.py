"""Study › Test the claims: how much to run, how far it is, and what held."""

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from workbench.desktop.claims.claim_row import ClaimRow
from workbench.desktop.claims.request import claims, claims_folder
from workbench.desktop.method.fields import NumberField
from workbench.desktop.study import StudyRequest
from workbench.desktop.theme import mark
from workbench.desktop.widgets import ProgressRow, Sentence, label, line, permit, push_button, row, tip
from workbench.desktop.words import breakable
from workbench.desktop.work_dialog import WorkDialog
from workbench.editing.events import Progressed
from workbench.errors import SettingError
from workbench.settings import described
from workbench.studies.claims.events import Claims, RunFinished, RunProgressed
from workbench.studies.claims.records import RunRecord
from workbench.studies.claims.settings import ClaimsSettings
from workbench.studies.claims.variants import VARIANTS
from workbench.studies.claims.verdicts import CLAIMS, ClaimResult

SIZE = QSize(980, 680)
START_HELP = "Runs that are finished are kept, and are not done again"
INTRODUCTION = (
    "Edits the same facts in the same order with and without what the method adds, and says of each claim whether it "
    "held here. The model stays as it is."
)


class ClaimsDialog(WorkDialog):
    def __init__(self, request: StudyRequest, folder: Path, parent: QWidget | None = None) -> None:
        """``folder``: where runs and results are kept."""
        self.progress = ProgressRow("claims-progress")
        super().__init__(self.progress, parent)
        self.setObjectName("claims-dialog")
        self.setWindowTitle("Test the claims")
        self._request, self._folder = request, folder
        self.result_: Claims | None = None
        self._records: list[RunRecord] = []
        self._build()
        self._lay_out()
        self._connect()
        self._refresh()
        self.resize(SIZE)

    def _build(self) -> None:
        about, start = described(ClaimsSettings), ClaimsSettings()
        self.fields = {name: NumberField(setting, True) for name, setting in about.items()}
        for name, field in self.fields.items():
            field.setObjectName(f"claims-{name}")
            field.setAccessibleName(about[name].label)
            field.setToolTip(tip(about[name].help))
            field.set_value(getattr(start, name))
            field.setFixedWidth(110)
        self.amount = label("", "caption", wrap=False)
        self.problem, self.says = Sentence("claims-problem"), Sentence("claims-says")
        self.rows = {claim.name: ClaimRow(claim) for claim in CLAIMS}
        self.close_button = push_button("Close", "claims-close")
        self.start_button = push_button("Start", "claims-start", START_HELP)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 12)
        column.setSpacing(8)
        about = described(ClaimsSettings)
        fields: list[QWidget | int] = []
        for name, field in self.fields.items():
            fields += [label(about[name].label, wrap=False), field]
        top = QVBoxLayout()
        top.setContentsMargins(12, 0, 12, 0)
        top.setSpacing(8)
        top.addWidget(label(INTRODUCTION, "dim"))
        top.addLayout(row(*fields, self.amount, 1))
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
        area = QScrollArea(widgetResizable=True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setObjectName("claims-list")
        area.setAccessibleName("Claims")
        area.setWidget(content)
        return area

    def _connect(self) -> None:
        for field in self.fields.values():
            field.edited.connect(self._refresh)
        for claim_row in self.rows.values():
            claim_row.plot.export_failed.connect(self._export_failed)
        self.start_button.clicked.connect(self.start)
        self.close_button.clicked.connect(self.reject)
        self.work.finished.connect(self._finished)
        self.work.failed.connect(self._failed)
        self.state_changed.connect(self._refresh)

    @Slot()
    def start(self) -> None:
        settings = self._typed()
        if self.work.busy or settings is None:
            return
        self.result_, self._records = None, []
        self.says.say("")
        self.start_work(claims(self._request, settings, self._folder))

    def _typed(self) -> ClaimsSettings | None:
        """None where a number is missing or out of its range; the sentence below says so."""
        values = {name: field.value() for name, field in self.fields.items()}
        given = {name: int(value) for name, value in values.items() if value is not None}
        if len(given) < len(values):
            self.problem.say("Give whole numbers.", "bad")
            return None
        try:
            settings = ClaimsSettings(**given)
        except SettingError as error:
            self.problem.say(str(error), "bad")
            return None
        self.problem.say("")
        self.amount.setText(f"{settings.seeds * len(VARIANTS):,} runs of {settings.facts:,} facts")
        return settings

    @Slot(object)
    def _show_progress(self, at: object) -> None:
        match at:
            case RunFinished():
                self._records.append(at.record)
                self._show(at.claims)
            case RunProgressed() if not self.stopping:
                self.progress.show_stage(_words(at), at.step, at.steps, "steps")
            case Progressed() if not self.stopping:
                self.progress.show_stage(at.phase.value, at.done, at.total, at.unit)

    def _show(self, results: tuple[ClaimResult, ...]) -> None:
        for result in results:
            claim_row = self.rows[result.name]
            claim_row.show_result(result, [r for r in self._records if r.variant in result.variants])

    @Slot(object)
    def _finished(self, result: Claims) -> None:
        if self.ended():
            return
        self.result_, self._records = result, list(result.runs)
        self._show(result.claims)
        stopped = "Stopped; start again to go on. " if result.stopped else ""
        self.says.say(f"{stopped}{len(result.runs):,} runs are kept in {breakable(str(self._folder))}.")
        self._refresh()

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        if self.ended():
            return
        self.says.say(self.sentence_of(error), "bad")
        self._refresh()

    @Slot(str)
    def _export_failed(self, sentence: str) -> None:
        self.says.say(sentence, "bad")

    @Slot()
    def _refresh(self) -> None:
        busy, problem = self.work.busy, ""
        if not busy and self._typed() is None:
            problem = self.problem.text()
        why = "The claims are being tested." if busy else ""
        self.progress.setVisible(busy)
        for name, field in self.fields.items():
            permit(field, why, described(ClaimsSettings)[name].help)
        permit(self.start_button, why or problem, START_HELP)
        mark(self.start_button, primary=True)
        self.close_button.setText("Stop" if busy else "Close")
        permit(self.close_button, "It stops as soon as it can." if self.stopping else "")


def _words(at: RunProgressed) -> str:
    left = ""
    if at.seconds_left == at.seconds_left:
        minutes = round(at.seconds_left / 60)
        left = f", about {minutes:,} min left in all" if minutes else ", less than a minute left in all"
    return f"Run {at.done + 1} of {at.total}{left} · {at.title}, seed {at.seed}"


def open_claims(
    request: StudyRequest, parent: QWidget | None = None, folder: Path | None = None
) -> ClaimsDialog:
    """Study › Test the claims: shown, window-modal, as nothing else may use the model meanwhile."""
    dialog = ClaimsDialog(request, folder or claims_folder(), parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowModality(Qt.WindowModality.WindowModal)
    dialog.show()
    return dialog
