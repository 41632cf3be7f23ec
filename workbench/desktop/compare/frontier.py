"""Any score or setting of the runs against another, every row of the table a point."""

from collections.abc import Iterator, Sequence

import numpy as np
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from workbench.desktop.compare.columns import Column
from workbench.desktop.compare.rows import RunRow
from workbench.desktop.plots.axes import FractionAxis, StepAxis, format_value
from workbench.desktop.plots.dot_plot import DotPlot, Place, front
from workbench.desktop.plots.dots import Dot, Shape

SIZE = 0.5  # of a dot, between the smallest and the largest
ROOM = 0.06  # of the extent, free around the points


class FrontierPlot(DotPlot):
    """``show_rows``; the line runs through the rows that no other beats in both scores."""

    key = "frontier"
    title = "Frontier"
    quantities = ("one score against another",)
    empty = "Two runs or more that have both figures appear here as points."

    def __init__(self, parent: QWidget | None = None) -> None:
        self._rows: Sequence[RunRow] = ()
        self._columns: Sequence[Column] = ()
        self._slots: Sequence[int] = ()
        self._filled: Sequence[bool] = ()
        self._x = self._y = 0
        super().__init__(parent)

    def new_bottom_axis(self) -> StepAxis:
        return FractionAxis("bottom")

    def show_rows(
        self,
        rows: Sequence[RunRow],
        columns: Sequence[Column],
        axes: tuple[int, int],
        slots: Sequence[int],
        filled: Sequence[bool],
    ) -> None:
        """``axes``: indices of columns; ``filled``: which rows are ticked, and named here."""
        self._rows, self._columns, self._slots, self._filled = rows, columns, slots, filled
        self._x, self._y = axes
        x, y = (columns[i] for i in axes)
        self.quantities = (f"{y.title} against {x.title}",)  # type: ignore[misc]
        self.header.caption.set_text(self.title, *self.quantities)
        self.setAccessibleName(f"{self.title}: {self.quantities[0]}")
        self.selection = None
        self.changed()

    def place(self, index: int) -> Place:
        values = self._rows[index].values
        return float(values[self._x]), float(values[self._y])

    def shown(self) -> list[int]:
        whole = [i for i, row in enumerate(self._rows) if _has(row, self._x) and _has(row, self._y)]
        return sorted(whole, key=self.place)

    def dot(self, index: int) -> Dot:
        x, y = self.place(index)
        colour = QColor(self.tokens.curves[self._slots[index] % len(self.tokens.curves)])
        filled = self._filled[index]
        words = self._rows[index].members[0].short if filled else ""
        return Dot(x, y, SIZE, Shape.ROUND, colour, filled, index == self.selection, words)

    def edge(self) -> Sequence[Place]:
        x, y = (self._columns[i] if self._columns else None for i in (self._x, self._y))
        if x is None or y is None or not (x.is_score and y.is_score):
            return ()
        return front([self.place(i) for i in self.shown()], x.better, y.better)

    def name_of(self, index: int) -> str:
        return self._rows[index].name

    def said_of(self, index: int) -> dict[str, str]:
        place = self.place(index)
        return {
            self._columns[i].title: format_value(v) for i, v in zip((self._x, self._y), place, strict=True)
        }

    def measure(self) -> tuple[float, float] | None:
        xs = [self.place(i)[0] for i in self.shown()]
        return _with_room(xs) if len(xs) > 1 else None

    def fit_y(self) -> None:
        self.canvas.view.setYRange(*_with_room([self.place(i)[1] for i in self.shown()]), padding=0)

    def table(self) -> tuple[list[str], Iterator[Sequence[object]]]:
        names = [self._columns[i].key for i in (self._x, self._y)]
        return ["run", *names], ((self.name_of(i), *self.place(i)) for i in self.shown())

    def _place_x(self, low: float, high: float) -> None:
        if self.following:
            self.canvas.view.setXRange(low, high, padding=0)


def _has(row: RunRow, column: int) -> bool:
    value = row.values[column] if column < len(row.values) else ""
    return not isinstance(value, str) and bool(np.isfinite(value))


def _with_room(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = ROOM * (high - low) or 0.1 * abs(high) or 1.0
    return low - room, high + room
