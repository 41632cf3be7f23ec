"""The LoRA adapter's form: a rank or a share to keep, and at once what the choice keeps and costs."""

from enum import Enum, auto
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QButtonGroup,
    QDoubleSpinBox,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
)

from workbench.desktop.background import Tell
from workbench.desktop.export.kind import Write
from workbench.desktop.export.lora_tables import LoraTables, share_in_words
from workbench.desktop.export.options import ExportOptions, Task
from workbench.desktop.export.source import ExportSource
from workbench.desktop.widgets import Sentence, permit, push_button, row
from workbench.errors import Cancelled, WorkbenchError

if TYPE_CHECKING:
    from workbench.exports.decomposition import Decomposition
    from workbench.exports.lora import AdapterScores
    from workbench.exports.yardstick import Yardstick

PAUSE_MS = 500  # of choosing, before the choice is scored
NEEDED = "What the edits changed must be decomposed first."


class Doing(Enum):
    NOTHING = auto()
    DECOMPOSING = auto()
    PREPARING = auto()  # the scores that those of every rank are set against
    SCORING = auto()


class LoraOptions(ExportOptions):
    """``decomposition`` and scores are made by its dialog in a worker; scores are kept by rank."""

    def __init__(self, source: ExportSource) -> None:
        super().__init__()
        from workbench.exports.lora import LoraChoice
        from workbench.settings import described

        self._source, self._settings = source, described(LoraChoice)
        self.decomposition: Decomposition | None = None
        self._yardstick: Yardstick | None = None
        self._scores: dict[int, AdapterScores] = {}
        self._doing, self._busy = Doing.NOTHING, ""
        self._rank_asked = 0  # whose scores are in the making
        self._error: Exception | None = None  # why the last work came to nothing
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._make_widgets(LoraChoice().rank)
        self._lay_out()
        self._connect()
        self._show()

    def _make_widgets(self, rank: int) -> None:
        self.by_rank, self.by_energy = QRadioButton("Rank"), QRadioButton(self._settings["energy"].label)
        self._either = QButtonGroup(self)
        for button, name in ((self.by_rank, "lora-by-rank"), (self.by_energy, "lora-by-energy")):
            button.setObjectName(name)
            self._either.addButton(button)
        self.by_rank.setChecked(True)
        most = int(self._settings["rank"].high or 1)
        self.rank_box = QSpinBox(minimum=1, maximum=most, value=rank)
        _name(self.rank_box, "lora-rank", "Rank")
        self.energy_box = QDoubleSpinBox(minimum=0.1, maximum=100, value=90, decimals=1, suffix=" %")
        _name(self.energy_box, "lora-energy", "Captured energy in per cent")
        self.says = Sentence("lora-says")
        self.again_button = push_button("", "lora-again")
        self.tables = LoraTables()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(8)
        choices = row(self.by_rank, self.rank_box, self.by_energy, self.energy_box, 1, self.again_button)
        choices.insertSpacing(2, 16)
        column.addLayout(choices)
        column.addWidget(self.says)
        column.addWidget(self.tables, 1)

    def _connect(self) -> None:
        self._either.buttonToggled.connect(self._chosen)
        self.rank_box.valueChanged.connect(self._chosen)
        self.energy_box.valueChanged.connect(self._chosen)
        self.tables.picked.connect(self._take_rank)
        self.again_button.clicked.connect(self._go_on)
        self._pause.timeout.connect(self._go_on)

    # What the dialog asks

    def show_first(self) -> None:
        if not self._source.unavailable:
            self._go_on()

    def set_busy(self, why: str) -> None:
        self._busy = why
        self._show()

    def problem(self) -> str:
        if self.decomposition is None:
            return NEEDED
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
    def _go_on(self) -> None:
        """With what the choice still lacks, one thing after the other; only the scores of a rank are of no use to the
        next one."""
        if self._doing in (Doing.DECOMPOSING, Doing.PREPARING):
            return
        if self.decomposition is None:
            self._ask(Doing.DECOMPOSING, Task(self._decompose, self._decomposed, self._failed))
        elif self.problem() or (rank := self.rank()) in self._scores:
            return
        elif self._yardstick is None:
            self._ask(Doing.PREPARING, Task(self._prepare, self._prepared, self._failed))
        elif (self._doing, self._rank_asked) != (Doing.SCORING, rank):
            self._rank_asked = rank
            self._ask(Doing.SCORING, self._scoring(self.decomposition, rank, self._yardstick))

    def _ask(self, doing: Doing, task: Task) -> None:
        if not self._busy:
            self._doing, self._error = doing, None
            self._show()
            self.wanted.emit(task)

    def _decompose(self, tell: Tell, cancel: Event) -> object:
        """In a worker."""
        from workbench.exports.decomposition import decompose

        with self._source.edited(cancel) as edited:
            return decompose(edited.editor, tell, cancel)

    def _decomposed(self, found: "Decomposition") -> None:
        self.decomposition, self._doing = found, Doing.NOTHING
        with QSignalBlocker(self.rank_box):
            self.rank_box.setMaximum(found.most)
        self.changed.emit()
        self._go_on()
        self._show()

    def _prepare(self, tell: Tell, cancel: Event) -> object:
        """In a worker."""
        from workbench.exports.yardstick import prepare_yardstick

        with self._source.edited(cancel) as edited:
            return prepare_yardstick(edited, tell, cancel)

    def _prepared(self, found: "Yardstick") -> None:
        self._yardstick, self._doing = found, Doing.NOTHING
        self._go_on()
        self._show()

    def _scoring(self, decomposition: "Decomposition", rank: int, yardstick: "Yardstick") -> Task:
        def work(tell: Tell, cancel: Event) -> object:
            from workbench.exports.lora import measure_adapter

            with self._source.edited(cancel) as edited:
                return measure_adapter(edited, decomposition, rank, yardstick, tell, cancel)

        return Task(work, self._scored, self._failed)

    def _scored(self, scores: "AdapterScores") -> None:
        self._scores[scores.rank] = scores
        self._doing = Doing.NOTHING
        self._show()

    def _failed(self, error: Exception) -> None:
        self._doing, self._error = Doing.NOTHING, error
        self._pause.stop()
        self._show()
        self.changed.emit()

    # What is shown

    @Slot()
    def _chosen(self) -> None:
        self._error = None
        self._show()
        self.changed.emit()
        self._pause.start()

    @Slot(int)
    def _take_rank(self, rank: int) -> None:
        if self.decomposition is not None and not self._busy:
            self.by_rank.setChecked(True)
            self.rank_box.setValue(rank)

    def _show(self) -> None:
        problem = self.problem()
        rank = 0 if problem else self.rank()
        self.tables.show_kept(self.decomposition, rank)
        self.tables.show_scores(self._yardstick, self._scores.get(rank))
        self.says.say(*self._in_words(problem, rank))
        for button, box, setting in (
            (self.by_rank, self.rank_box, self._settings["rank"]),
            (self.by_energy, self.energy_box, self._settings["energy"]),
        ):
            permit(button, self._busy, setting.help)
            permit(box, self._busy or ("" if button.isChecked() else f"Choose {setting.label} first."))
        lacks = self.decomposition is None or (bool(rank) and rank not in self._scores)
        self.again_button.setText("Decompose" if self.decomposition is None else f"Score rank {rank:,}")
        self.again_button.setVisible(lacks and self._error is not None and self._doing is Doing.NOTHING)
        permit(self.again_button, self._busy)

    def _in_words(self, problem: str, rank: int) -> tuple[str, str]:
        """(sentence, level) of where the choice stands."""
        if self._doing is Doing.DECOMPOSING:
            return "What the edits changed is being decomposed…", ""
        if self._error is not None and not isinstance(self._error, Cancelled):
            return str(self._error), "bad"
        if self.decomposition is None:
            return NEEDED, ""
        if problem:
            return problem, "bad"
        how = "" if self.decomposition.exact else ", by a randomised method"
        kept = f"Rank {rank:,} keeps {share_in_words(self.decomposition.kept(rank))} of the change{how}"
        if rank in self._scores:
            return f"{kept}.", ""
        if self._doing in (Doing.PREPARING, Doing.SCORING):
            return f"{kept}; it is being scored…", ""
        return f"{kept}; it is not scored.", ""

    def hideEvent(self, event: QHideEvent) -> None:
        self._pause.stop()
        super().hideEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return in a box or in the table takes a rank; it does not export yet."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)


def _name(box: QAbstractSpinBox, object_name: str, accessible_name: str) -> None:
    box.setObjectName(object_name)
    box.setAccessibleName(accessible_name)
    box.lineEdit().setTextMargins(6, 0, 0, 0)
