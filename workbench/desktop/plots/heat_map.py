"""Which layers take the edits, and when: shift norms as a map of layer and step."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QWidget

from workbench.desktop.plots.axes import PlainAxis, RowAxis, format_value, nice_spacing, ticks_between
from workbench.desktop.plots.cividis import colour_of, paint_bar
from workbench.desktop.plots.export import number
from workbench.desktop.plots.modules import by_layer, short_names
from workbench.desktop.plots.plot import SMALL, Plot, XAxis
from workbench.desktop.plots.readout import Reading
from workbench.desktop.series import RunSeries
from workbench.desktop.theme import Tokens, interface_font

Array = npt.NDArray[Any]
COLUMNS = 400  # of the picture; longer runs show the largest norm of several steps in each


def in_columns(values: Array, x: Array, most: int = COLUMNS) -> tuple[Array, Array]:
    """(rows, ≤ most) the largest of each group of steps, and the x at which each group ends."""
    if len(x) <= most:
        return values, x
    starts = np.linspace(0, len(x), most, endpoint=False).astype(int)
    ends = np.append(starts[1:], len(x)) - 1
    return np.fmax.reduceat(values, starts, axis=1), x[ends]


class ColourBar(pg.GraphicsWidget):  # type: ignore[misc]
    """Cividis from 0 to the largest value, with ticks."""

    WIDTH, BAR = 64, 10

    def __init__(self) -> None:
        super().__init__()
        self._font, self._high = interface_font(SMALL), 1.0
        self.tokens: Tokens | None = None
        self.setFixedWidth(self.WIDTH)

    def set_high(self, high: float) -> None:
        if high != self._high:
            self._high = high
            self.update()

    def paint(self, painter: QPainter, *_: object) -> None:
        if self.tokens is None:
            return
        height = self.size().height()
        bar = QRectF(14, 0, self.BAR, height)
        paint_bar(painter, bar)
        painter.setFont(self._font)
        painter.setPen(QPen(QColor(self.tokens.dim), 1))
        self._paint_ticks(painter, bar, height)

    def _paint_ticks(self, painter: QPainter, bar: QRectF, height: float) -> None:
        half = QFontMetricsF(self._font).height() / 2
        spacing = nice_spacing(self._high, max(2, int(height // 30)))
        for value in ticks_between(0, self._high, spacing):
            y = height * (1 - value / self._high)
            painter.drawLine(QPointF(bar.right(), y), QPointF(bar.right() + 3, y))
            box = QRectF(bar.right() + 6, min(max(y - half, 0), height - 2 * half), self.WIDTH, 2 * half)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, format_value(value, spacing))


class HeatMapPlot(Plot):
    key = "heat-map"
    has_legend = False
    margin = 0.0
    title = "Shift norm by layer"
    short = "Norm by layer"
    quantities = ("‖Δ‖, layer × step", "‖Δ‖")
    empty = "A map of shift norms by layer and step appears here after the first editing step."

    def __init__(self, parent: QWidget | None = None) -> None:
        self._image = pg.ImageItem(axisOrder="row-major")
        self._bar = ColourBar()
        super().__init__(parent)
        self._image.setColorMap(pg.colormap.get("cividis"))
        self._image.setZValue(-10)  # under the crosshair
        self.canvas.view.addItem(self._image, ignoreBounds=True)
        self.canvas.left_axis.setGrid(False)
        self.canvas.add_beside(self._bar)

    def new_left_axis(self) -> PlainAxis:
        return RowAxis("left")

    def draw_style(self) -> None:
        self._bar.tokens = self.tokens
        self._bar.update()

    def _rows(self) -> tuple[list[str], Array, Array]:
        """Modules by layer, their norms (modules, steps), and x."""
        if self.run is None:
            return [], np.empty((0, 0)), np.empty(0)
        order = by_layer(self.run.modules)
        x = self.run.step.values if self.x_axis == XAxis.STEP else self.run.facts.values
        return [self.run.modules[i] for i in order], self.run.values("shift_norm")[order], x

    def measure(self) -> tuple[float, float] | None:
        modules, _, x = self._rows()
        return (0.0, float(x[-1])) if len(x) > 1 and modules else None

    def words(self) -> str:
        """One step is no map."""
        modules, values, x = self._rows()
        if len(x) != 1 or not modules or np.isnan(values).all():
            return self.empty
        names, norms = list(short_names(modules).values()), values[:, 0]
        said = [f"{format_value(float(norms[i]))} (layer {names[i]})" if names[i].isdigit()
                else f"{format_value(float(norms[i]))} ({names[i]})"
                for i in (int(np.nanargmax(norms)), int(np.nanargmin(norms)))]  # fmt: skip
        if len(modules) == 1:
            return f"After one step: shift norm {said[0]}. The map begins with the second step."
        return f"After one step: largest shift norm {said[0]}, smallest {said[1]}. The map begins with the second step."

    def draw(self) -> None:
        modules, values, x = self._rows()
        self._image.setVisible(bool(len(x) and modules))
        if not len(x) or not modules:
            return
        picture, ends = in_columns(values, x)
        high = float(np.nanmax(picture, initial=0.0)) or 1.0
        self._image.setImage(np.nan_to_num(picture), autoLevels=False, levels=(0.0, high))
        self._image.setRect(QRectF(0, 0, float(ends[-1]), len(modules)))
        self._bar.set_high(high)
        axis = self.canvas.left_axis
        names = list(short_names(modules).values())
        if isinstance(axis, RowAxis) and axis.names != names:
            axis.names = names
            axis.picture = None
        several = -(-len(x) // COLUMNS)
        more = f" · largest of every {several:,} steps" if several > 1 else ""
        self.header.caption.set_text(self.title, self.quantities[0] + more, *self.quantities)

    def fit_y(self) -> None:
        self.canvas.view.setYRange(0, max(1, len(self._rows()[0])), padding=0)

    def positions(self) -> Array:
        return self._rows()[2]

    def readings(self, x: float) -> list[Reading]:
        modules, values, along = self._rows()
        index = min(int(np.searchsorted(along, x - 1e-9)), len(along) - 1)
        names = short_names(modules)
        high = float(np.nanmax(values[:, index], initial=0.0)) or 1.0
        return [
            Reading(names[m], format_value(float(v), nice_spacing(high, 500)), self._pen(float(v) / high))
            for m, v in zip(modules, values[:, index], strict=True)
        ]

    def _pen(self, share: float) -> QPen:
        return QPen(colour_of(share if share == share else 0.0), 4)

    def table(self) -> tuple[list[str], Iterator[Sequence[object]]]:
        modules, values, _ = self._rows()
        run = self.run or RunSeries()
        steps, facts = run.step.values.tolist(), run.facts.values.tolist()
        rows = (
            [number(step), number(count), *(number(v) for v in values[:, i].tolist())]
            for i, (step, count) in enumerate(zip(steps, facts, strict=True))
        )
        return ["step", "facts", *modules], rows
