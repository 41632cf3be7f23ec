"""The LoRA adapter's form: rank or captured energy, what each rank keeps, and what it costs in scores."""

from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QDoubleSpinBox,
    QGridLayout,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
)

from workbench.desktop.background import Tell
from workbench.desktop.export.figure_table import FigureTable
from workbench.desktop.export.kind import Write
from workbench.desktop.export.options import ExportOptions, Task
from workbench.desktop.export.source import ExportSource
from workbench.desktop.widgets import Fold, Sentence, label, permit, push_button, row, tip
from workbench.desktop.words import size_in_words
from workbench.errors import Cancelled, WorkbenchError

if TYPE_CHECKING:
    from workbench.exports.decomposition import Decomposition
    from workbench.exports.lora import AdapterScores
    from workbench.exports.yardstick import Yardstick

RANKS = (1, 4, 8, 16, 32, 64, 128, 256, 512)
SCORE_HEAD = ("Score", "Unedited", "Edited", "Adapter", "Loss")
WIDTH, TABLE_HEIGHT = 816, 240  # eight scores and their head without scrolling
MEASURE_HELP = "Load the adapter through PEFT and score it on the run's facts, as the run was scored"
LOSS_HELP = "How much worse the adapter is than the edited model"
UNKNOWN = "The change is not decomposed yet."


class LoraOptions(ExportOptions):
    """``decomposition`` and scores are made by its dialog in a worker; scores are kept by rank."""

    def __init__(self, source: ExportSource) -> None:
        super().__init__()
        from workbench.exports.lora import LoraChoice
        from workbench.settings import described

        self._source = source
        self._settings = described(LoraChoice)
        self._choice = LoraChoice()
        self.decomposition: Decomposition | None = None
        self._yardstick: Yardstick | None = None
        self._scores: dict[int, AdapterScores] = {}
        self._asked, self._busy = False, ""
        self._make_widgets()
        self._lay_out()
        self._connect()
        self._show()

    def _make_widgets(self) -> None:
        rank, energy = self._settings["rank"], self._settings["energy"]
        self.by_rank, self.by_energy = QRadioButton("Rank"), QRadioButton(energy.label)
        self.by_rank.setObjectName("lora-by-rank")
        self.by_energy.setObjectName("lora-by-energy")
        self._either = QButtonGroup(self)
        self._either.addButton(self.by_rank)
        self._either.addButton(self.by_energy)
        self.by_rank.setChecked(True)
        self.rank_box = QSpinBox(minimum=1, maximum=int(rank.high or 1), value=self._choice.rank)
        self.rank_box.setObjectName("lora-rank")
        self.rank_box.setAccessibleName("Rank")
        self.energy_box = QDoubleSpinBox(minimum=0.1, maximum=100, value=90, decimals=1, suffix=" %")
        self.energy_box.setObjectName("lora-energy")
        self.energy_box.setAccessibleName("Captured energy in per cent")
        for widget, help in ((self.by_rank, rank.help), (self.by_energy, energy.help)):
            widget.setToolTip(tip(help))
        self.summary = Sentence("lora-summary")
        self.again_button = push_button("Compute again", "lora-again")
        self.curve = FigureTable("lora-curve", ("Rank", "Captured energy", "Size"), "Captured energy by rank")
        self.by_module = FigureTable(
            "lora-modules", ("Module", "Captured energy"), "Captured energy by module"
        )
        self.by_module.setFixedHeight(124)
        self.modules_fold = Fold("Captured energy of each module", "lora-modules-fold", self.by_module)
        self.scores_table = FigureTable("lora-scores", SCORE_HEAD, "Scores of the adapter")
        self.scores_table.explain(4, LOSS_HELP)
        for table in (self.curve, self.scores_table):
            table.setFixedHeight(TABLE_HEIGHT)
        self.setMinimumWidth(WIDTH)
        self.measure_button = push_button("Measure scores", "lora-measure", MEASURE_HELP)
        self.remark = Sentence("lora-remark")

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        grid.addWidget(label("What each rank keeps", "group"), 0, 0)
        grid.addWidget(label("What it costs", "group"), 0, 1)
        grid.addWidget(self.curve, 1, 0)
        grid.addWidget(self.scores_table, 1, 1)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(8)
        column.addLayout(
            row(self.by_rank, self.rank_box, self.by_energy, self.energy_box, 1, self.measure_button)
        )
        column.addLayout(row(self.summary, self.again_button))
        column.addLayout(grid)
        column.addWidget(self.remark)
        column.addWidget(self.modules_fold)

    def _connect(self) -> None:
        self._either.buttonToggled.connect(self._changed)
        self.rank_box.valueChanged.connect(self._changed)
        self.energy_box.valueChanged.connect(self._changed)
        self.curve.cellClicked.connect(self._take_rank_of)
        self.curve.cellActivated.connect(self._take_rank_of)
        self.measure_button.clicked.connect(self.measure)
        self.again_button.clicked.connect(self.decompose)

    # What the dialog asks

    def show_first(self) -> None:
        if not self._asked and not self._source.unavailable:
            self.decompose()

    def set_busy(self, why: str) -> None:
        self._busy = why
        self._show()

    def problem(self) -> str:
        if self.decomposition is None:
            return UNKNOWN
        try:
            self.rank()
        except WorkbenchError as error:
            return str(error)
        return ""

    def bytes(self) -> int:
        from workbench.exports.adapter import adapter_bytes

        if self.decomposition is None or self.problem():
            return 0
        return adapter_bytes(self.decomposition, self.rank())

    def writer(self) -> Write:
        from workbench.exports.lora import export_lora

        assert self.decomposition is not None
        decomposition, rank = self.decomposition, self.rank()
        scores = self._scores.get(rank)

        def write(destination: Path, tell: Tell, cancel: Event) -> Path:
            with self._source.edited(cancel) as edited:
                return export_lora(edited, decomposition, rank, destination, scores, tell, cancel).path

        return write

    def rank(self) -> int:
        """As chosen now. Raises SettingError where no rank keeps the energy asked for."""
        from workbench.exports.lora import LoraChoice

        assert self.decomposition is not None
        if self.by_energy.isChecked():
            return LoraChoice(energy=self.energy_box.value() / 100).rank_in(self.decomposition)
        return LoraChoice(rank=self.rank_box.value()).rank_in(self.decomposition)

    # Long work

    @Slot()
    def decompose(self) -> None:
        self._asked = True

        def work(tell: Tell, cancel: Event) -> object:
            from workbench.exports.decomposition import decompose

            with self._source.edited(cancel) as edited:
                return decompose(edited.editor, tell, cancel)

        self.wanted.emit(Task(work, self._decomposed, self._failed))

    def _decomposed(self, found: "Decomposition") -> None:
        self.decomposition = found
        with QSignalBlocker(self.rank_box):
            self.rank_box.setMaximum(found.most)
        self.remark.say("")
        self._changed()

    @Slot()
    def measure(self) -> None:
        if self.problem() or self._busy:
            return
        decomposition, rank, kept = self.decomposition, self.rank(), self._yardstick
        assert decomposition is not None

        def work(tell: Tell, cancel: Event) -> object:
            from workbench.exports.lora import measure_adapter
            from workbench.exports.yardstick import prepare_yardstick

            with self._source.edited(cancel) as edited:
                yardstick = kept or prepare_yardstick(edited, tell, cancel)
                return yardstick, measure_adapter(edited, decomposition, rank, yardstick, tell, cancel)

        self.wanted.emit(Task(work, self._measured, self._failed))

    def _measured(self, found: "tuple[Yardstick, AdapterScores]") -> None:
        self._yardstick, scores = found
        self._scores[scores.rank] = scores
        self.remark.say("")
        self._changed()

    def _failed(self, error: Exception) -> None:
        stopped = isinstance(error, Cancelled)
        self.remark.say("Stopped; nothing was changed." if stopped else str(error), "" if stopped else "bad")
        self._changed()

    # What is shown

    @Slot()
    def _changed(self) -> None:
        self._show()
        self.changed.emit()

    @Slot(int, int)
    def _take_rank_of(self, number: int, _column: int) -> None:
        if self.decomposition is not None and not self._busy:
            self.by_rank.setChecked(True)
            self.rank_box.setValue(self._ranks()[number])

    def _ranks(self) -> list[int]:
        most = self.decomposition.most if self.decomposition is not None else 0
        return [rank for rank in RANKS if rank < most] + ([most] if most else [])

    def _show(self) -> None:
        problem = self.problem()
        rank = 0 if problem else self.rank()
        self._show_curve(rank)
        self._show_scores(rank)
        self._show_summary(problem, rank)
        for widget, help in (
            (self.by_rank, self._settings["rank"].help),
            (self.by_energy, self._settings["energy"].help),
        ):
            permit(widget, self._busy, help)
        permit(self.rank_box, self._busy or ("" if self.by_rank.isChecked() else "Choose Rank first."))
        permit(
            self.energy_box,
            self._busy or ("" if self.by_energy.isChecked() else "Choose Captured energy first."),
        )
        done = f"Rank {rank:,} has been measured." if rank in self._scores else ""
        permit(self.measure_button, self._busy or problem or done, MEASURE_HELP)
        self.again_button.setVisible(self._asked and self.decomposition is None and not self._busy)

    def _show_curve(self, rank: int) -> None:
        from workbench.exports.adapter import adapter_bytes

        found = self.decomposition
        if found is None:
            self.curve.show_rows([[str(r), "–", "–"] for r in RANKS[:6]])
            self.by_module.show_rows([])
            return
        ranks = self._ranks()
        sizes = [size_in_words(adapter_bytes(found, r)) for r in ranks]
        self.curve.show_rows(
            [[f"{r:,}", share_in_words(found.kept(r)), size] for r, size in zip(ranks, sizes, strict=True)]
        )
        if rank in ranks:
            self.curve.selectRow(ranks.index(rank))
        else:
            self.curve.clearSelection()
        by_module = found.kept_by_module(rank) if rank else {}
        self.by_module.show_rows([[name, share_in_words(share)] for name, share in by_module.items()])

    def _show_summary(self, problem: str, rank: int) -> None:
        if self.decomposition is None:
            self.summary.say("The change is being decomposed…" if self._busy else UNKNOWN)
        elif problem:
            self.summary.say("")
        else:
            exact = "" if self.decomposition.exact else " Singular vectors by a randomised method."
            self.summary.say(
                f"Rank {rank:,} keeps {share_in_words(self.decomposition.kept(rank))} of the change.{exact}"
            )
        if not problem and not self.remark.text() and rank not in self._scores:
            self.remark.say(f"Rank {rank:,} is not scored yet: measure it to see what it loses.")
        elif rank in self._scores and self.remark.text().endswith("what it loses."):
            self.remark.say("")

    def _show_scores(self, rank: int) -> None:
        from workbench.evaluation.scores import PROTOCOLS
        from workbench.evaluation.titles import TITLES

        known, scores = self._yardstick, self._scores.get(rank)
        loss = scores.loss() if scores is not None else {}
        of = (
            known.unedited if known is not None else None,
            known.edited if known is not None else None,
            scores.adapter if scores is not None else None,
        )
        rows = [
            [
                title,
                *(figure(getattr(s, name) if s is not None else None, name) for s in of),
                figure(loss.get(name), name),
            ]
            for name, title in TITLES.items()
        ]
        self.scores_table.show_rows(rows, [PROTOCOLS[name] for name in TITLES])


def share_in_words(share: float) -> str:
    """93.1 %; never rounded up to all of it."""
    return f"{min(100 * share, 99.9) if share < 1 - 1e-9 else 100:.1f} %"


def figure(value: float | None, name: str) -> str:
    """A dash for what is not measured."""
    if value is None or value != value:
        return "–"
    return f"{value:,.1f}" if name == "perplexity" else f"{value:.3f}"
