"""How each step's facts are kept as the run goes on, as a map: rows are steps, columns the scorings after them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPen
from PySide6.QtWidgets import QWidget

from workbench.desktop.plots.axes import CellAxis, PlainAxis
from workbench.desktop.plots.cividis import colour_of, share_pixels
from workbench.desktop.plots.export import number
from workbench.desktop.plots.heat_map import ColourBar
from workbench.desktop.plots.plot import Plot, XAxis
from workbench.desktop.plots.readout import Reading
from workbench.desktop.series import RunSeries
from workbench.evaluation.scores import PROTOCOLS

Array = npt.NDArray[Any]
ACROSS, UP = 512, 512  # of the picture; more rows are averaged
BRIGHT = 0.45  # the share from which cividis wants a dark frame


@dataclass(frozen=True, slots=True)
class Matrix:
    """ES of each step's facts, (steps, scorings), NaN where a step was still to come."""

    values: Array = field(default_factory=lambda: np.empty((0, 0)))
    steps: Array = field(default_factory=lambda: np.empty(0))  # (scorings,) the step before each
    ends: Array = field(default_factory=lambda: np.empty(0))  # (scorings,) x at which each column ends

    def column(self, x: float) -> int:
        """The one that ``x`` lies in; one beyond the last belongs to the last."""
        return min(int(np.searchsorted(self.ends, x - 1e-9)), len(self.ends) - 1)


def matrix_of(run: RunSeries | None, axis: XAxis) -> Matrix:
    if run is None or not len(run.retention.evaluated):
        return Matrix()
    steps = run.retention.evaluated
    scored = np.searchsorted(run.scored_step.values, steps)
    ends = steps.astype(float) if axis == XAxis.STEP else run.scored_facts.values[scored]
    return Matrix(run.retention.matrix(), steps, ends)


def pixels_of(matrix: Matrix) -> Array:
    """(rows, columns, 4) bytes over the matrix's extent, clear where nothing was scored."""
    values = grouped(matrix.values, UP)
    across = min(ACROSS, max(1, 8 * len(matrix.ends)))
    width = matrix.ends[-1] / across
    columns = np.searchsorted(matrix.ends, (np.arange(across) + 0.5) * width)
    return share_pixels(values[:, columns])


def grouped(values: Array, most: int) -> Array:
    """(≤ most, scorings): means over groups of steps that follow each other, without the NaNs."""
    if len(values) <= most:
        return values
    starts = np.linspace(0, len(values), most, endpoint=False).astype(int)
    known = ~np.isnan(values)
    counts = np.add.reduceat(known, starts, axis=0, dtype=np.int64)
    sums = np.add.reduceat(np.where(known, values, 0.0), starts, axis=0)
    means: Array = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return means


class RetentionPlot(Plot):
    key = "retention"
    has_legend = False
    margin = 0.0
    title = "Retention"
    quantities = (
        "ES of the facts of each step (upwards) at each later scoring (across)",
        "ES, facts of step × scored after step",
        "ES",
    )
    empty = "How well each step's facts hold appears here with the first scoring after a step."
    protocols = (
        PROTOCOLS["es"],
        "Each cell: the facts of one step, scored after the same or a later one; along a row they age. "
        "Click a cell, or press Return on it, to select its facts in the table.",
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        self._image = pg.ImageItem(axisOrder="row-major")
        self._bar = ColourBar()
        self._matrix = Matrix()
        self._of: object = None  # what the matrix was made of
        self._drawn: Matrix | None = None
        self._row: int | None = None  # under the crosshair, from 0
        super().__init__(parent)
        self._image.setZValue(-10)  # under the crosshair
        self.canvas.view.addItem(self._image, ignoreBounds=True)
        self.canvas.left_axis.setGrid(False)
        self.canvas.add_beside(self._bar)
        self.canvas.pointed.connect(self._point)
        self.canvas.clicked.connect(self._click)
        self.show_facts = self.commands.add("Select the facts of the cell", "", self.ask_for_facts, "search")

    def new_left_axis(self) -> PlainAxis:
        return CellAxis("left")

    def draw_style(self) -> None:
        self._bar.tokens = self.tokens
        self._bar.update()

    def measure(self) -> tuple[float, float] | None:
        of = (id(self.run), self.run and self.run.retention.revision, self.x_axis)
        if of != self._of:  # most steps are not followed by a scoring
            self._of, self._matrix = of, matrix_of(self.run, self.x_axis)
        if self._row is not None and self._row >= len(self._matrix.values):
            self._row = None
        return (0.0, float(self._matrix.ends[-1])) if len(self._matrix.values) > 1 else None

    def words(self) -> str:
        """One step is no map."""
        values = self._matrix.values
        if len(values) != 1 or np.isnan(values[0, -1]):
            return self.empty
        return f"After one step: ES of its facts {values[0, -1]:.2f}. The map begins with the second step."

    def draw(self) -> None:
        matrix = self._matrix
        self._image.setVisible(bool(len(matrix.ends)))
        if not len(matrix.ends) or matrix is self._drawn:
            return
        self._drawn = matrix
        self._image.setImage(pixels_of(matrix), autoLevels=False)
        self._image.setRect(QRectF(0, 0, float(matrix.ends[-1]), len(matrix.values)))
        several = -(-len(matrix.values) // UP)
        more = f" · mean of every {several:,} steps" if several > 1 else ""
        self.header.caption.set_text(self.title, self.quantities[0] + more, *self.quantities[1:])

    def fit_y(self) -> None:
        self.canvas.view.setYRange(0, max(1, len(self._matrix.values)), padding=0)

    def positions(self) -> Array:
        return self._matrix.ends

    def x_name(self, x: float) -> str:
        if not len(self._matrix.ends):
            return super().x_name(x)
        return f"scored after step {int(self._matrix.steps[self._matrix.column(x)]):,}"

    def readings(self, x: float) -> list[Reading]:
        """Of the cell; without one, of the first, the newest and all steps."""
        column = self._matrix.column(x)
        now = self._matrix.values[:, column]
        if self._row is None or self.run is None:
            last = int(self._matrix.steps[column])
            rows = [("facts of step 1", now[0]), (f"facts of step {last:,}", now[last - 1])]
            everything = float(np.nanmean(now)) if np.isfinite(now).any() else float("nan")
            return [self._reading(*row) for row in (*rows, ("mean of the steps", everything))]
        step, scored = self._row + 1, int(self._matrix.steps[column])
        if step > scored:
            return [Reading(f"facts of step {step:,}", "still to come", self._pen(float("nan")))]
        return [
            self._reading(f"facts of step {step:,}", now[self._row]),
            Reading("age", _steps(scored - step), QPen(Qt.PenStyle.NoPen)),
            self._reading("right after their step", self._right_after(step)),
            self._reading("unedited model", self._unedited(step)),
        ]

    def _reading(self, label: str, value: float) -> Reading:
        return Reading(label, f"ES {value:.2f}" if value == value else "not scored", self._pen(value))

    def _pen(self, value: float) -> QPen:
        if value != value:
            return QPen(Qt.PenStyle.NoPen)
        return QPen(colour_of(value), 4)

    def _right_after(self, step: int) -> float:
        assert self.run is not None
        at = np.flatnonzero(self.run.step.values == step)
        return float(self.run.values("success")[at[0]]) if len(at) else float("nan")

    def _unedited(self, step: int) -> float:
        """ES of the step's facts before any edit."""
        assert self.run is not None
        history = self.run.fact_history
        here = history.facts_of(step)
        if history.before is None or not here or here.stop > len(history.before.es):
            return float("nan")
        return float(np.nanmean(history.before.es[here.start : here.stop]))

    # Crosshair

    def set_cursor(self, x: float | None, announce: bool = False) -> None:
        """The column; a row only where the person placed it here."""
        if x is None or not (announce or self.hasFocus() or self.underMouse()):
            self._row = None
        super().set_cursor(x, announce)
        if self.crosshair is not None and self._row is not None:
            self._frame(self._matrix.column(self.crosshair), self._row)

    def _frame(self, column: int, row: int) -> None:
        left = float(self._matrix.ends[column - 1]) if column else 0.0
        cell = QRectF(left, row, float(self._matrix.ends[column]) - left, 1)
        value = self._matrix.values[row, column]
        colour = self.tokens.ink if value != value else "#000000" if value >= BRIGHT else "#ffffff"
        self.canvas.frame_cell(cell, QColor(colour))

    @Slot(float, float)
    def _point(self, _x: float, y: float) -> None:
        rows = len(self._matrix.values)
        self._row = min(max(int(y), 0), rows - 1) if rows else None

    @Slot(float)
    def _hovered(self, x: float) -> None:
        """The cell that holds ``x``, not the nearest end of one."""
        if len(self._matrix.ends):
            self.set_cursor(float(self._matrix.ends[self._matrix.column(x)]), announce=True)

    @Slot(float, float)
    def _click(self, x: float, y: float) -> None:
        self._point(x, y)
        self._hovered(x)
        self.ask_for_facts()

    @Slot()
    def ask_for_facts(self) -> None:
        """Those of the cell under the crosshair; of a step still to come there are none."""
        if self.crosshair is None or self._row is None:
            return
        if self._row < self._matrix.steps[self._matrix.column(self.crosshair)]:
            self.facts_wanted.emit(self._row + 1)

    def _move_row(self, by: int) -> None:
        """Begins at the first step and the last scoring."""
        rows, ends = len(self._matrix.values), self._matrix.ends
        if not rows:
            return
        self._row = 0 if self._row is None else min(max(self._row + by, 0), rows - 1)
        self.set_cursor(self.crosshair if self.crosshair is not None else float(ends[-1]), announce=True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        many = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        match event.key():
            case Qt.Key.Key_Up:
                self._move_row(many)
            case Qt.Key.Key_Down:
                self._move_row(-many)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if self._row is not None:
                self.ask_for_facts()
            case _:
                super().keyPressEvent(event)

    def table(self) -> tuple[list[str], Iterator[Sequence[object]]]:
        matrix = matrix_of(self.run, XAxis.STEP)
        header = ["facts of step", "unedited", "right after their step"]
        rows = (
            [step, *map(number, (self._unedited(step), self._right_after(step), *values.tolist()))]
            for step, values in enumerate(matrix.values, start=1)
        )
        return [*header, *(f"after step {step}" for step in matrix.steps.tolist())], rows


def _steps(count: int) -> str:
    return f"{count:,} step{'' if count == 1 else 's'}"
