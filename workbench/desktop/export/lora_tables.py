"""What each rank of a LoRA adapter keeps, and what the chosen one costs in scores."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from workbench.desktop.export.figure_table import FigureTable
from workbench.desktop.widgets import Fold, label
from workbench.desktop.words import size_in_words

if TYPE_CHECKING:
    from workbench.evaluation.scores import Scores
    from workbench.exports.decomposition import Decomposition
    from workbench.exports.lora import AdapterScores
    from workbench.exports.yardstick import Yardstick

RANKS = (1, 4, 8, 16, 32, 64, 128, 256, 512)
SCORE_HEAD = ("Score", "Unedited", "Edited", "Adapter", "Loss")
LOSS_HELP = "How much worse the adapter is than the edited model"
WIDTH, LEAST_HEIGHT, MODULES_HEIGHT = 816, 184, 132  # of the tables, which scroll where there is no more room


class LoraTables(QWidget):
    """Shows what it is given; a dash is what is not known."""

    picked = Signal(int)  # a rank of the table

    def __init__(self) -> None:
        super().__init__()
        self._ranks: list[int] = []
        self.curve = FigureTable("lora-curve", ("Rank", "Captured energy", "Size"), "Captured energy by rank")
        self.scores = FigureTable("lora-scores", SCORE_HEAD, "Scores of the adapter")
        self.scores.explain(4, LOSS_HELP)
        self.modules = FigureTable("lora-modules", ("Module", "Captured energy"), "Captured energy by module")
        self.modules.setFixedHeight(MODULES_HEIGHT)
        for table in (self.curve, self.scores):
            table.setMinimumHeight(LEAST_HEIGHT)
        self.curve.cellClicked.connect(self._pick)
        self.curve.cellActivated.connect(self._pick)
        self.setMinimumWidth(WIDTH)
        self._lay_out()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        grid.addWidget(label("What each rank keeps", "group"), 0, 0)
        grid.addWidget(label("What it costs", "group"), 0, 1)
        grid.addWidget(self.curve, 1, 0)
        grid.addWidget(self.scores, 1, 1)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 3)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(grid, 1)
        column.addWidget(Fold("Captured energy of each module", "lora-modules-fold", self.modules))

    @Slot(int, int)
    def _pick(self, number: int, _column: int) -> None:
        if number < len(self._ranks):
            self.picked.emit(self._ranks[number])

    def show_kept(self, found: "Decomposition | None", rank: int) -> None:
        """``rank`` 0: none is chosen."""
        from workbench.exports.adapter import adapter_bytes

        with QSignalBlocker(self.curve):
            if found is None:
                self.curve.show_rows([[f"{r}", "–", "–"] for r in RANKS[:6]])
                self.modules.show_rows([])
                return
            self._ranks = [r for r in RANKS if r < found.most] + [found.most]
            sizes = (size_in_words(adapter_bytes(found, r)) for r in self._ranks)
            self.curve.show_rows(
                [
                    [f"{r:,}", share_in_words(found.kept(r)), size]
                    for r, size in zip(self._ranks, sizes, strict=True)
                ]
            )
            self.curve.clearSelection()
            if rank in self._ranks:
                self.curve.selectRow(self._ranks.index(rank))
        by_module = found.kept_by_module(rank) if rank else {}
        self.modules.show_rows([[name, share_in_words(share)] for name, share in by_module.items()])

    def show_scores(self, known: "Yardstick | None", scores: "AdapterScores | None") -> None:
        """Once the two models are scored, a score that they do not have is left out."""
        from workbench.evaluation.scores import PROTOCOLS
        from workbench.evaluation.titles import TITLES

        loss = scores.loss() if scores is not None else {}
        sides: list[Scores | None] = [None, None, scores.adapter if scores is not None else None]
        if known is not None:
            sides[:2] = known.unedited, known.edited
        rows = {
            name: [title, *(figure(getattr(side, name, None), name) for side in sides), figure(loss.get(name), name)]
            for name, title in TITLES.items()
        }  # fmt: skip
        shown = [name for name, row in rows.items() if known is None or row[1] != "–" or row[2] != "–"]
        self.scores.show_rows([rows[name] for name in shown], [PROTOCOLS[name] for name in shown])


def share_in_words(share: float) -> str:
    """93.1 %; never rounded up to all of it."""
    return f"{min(100 * share, 99.9) if share < 1 - 1e-9 else 100:.1f} %"


def figure(value: float | None, name: str) -> str:
    """A dash for what is not measured."""
    if value is None or value != value:
        return "–"
    return f"{value:,.1f}" if name == "perplexity" else f"{value:.3f}"
