"""A curve on the canvas. Before it is drawn it is cut to the view and to about two points a pixel.

pyqtgraph's PlotDataItem does the same in about 0.4 ms a curve, too long for forty curves at 30 Hz; it also leaves the
newest points out and regroups the rest at every step, which flickers.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

Array = npt.NDArray[Any]
MARK_RADIUS = 2.5  # logical pixels


def in_view(x: Array, left: float, right: float) -> slice:
    """The points between two x and one more on either side."""
    first = int(np.searchsorted(x, left)) - 1
    return slice(max(first, 0), int(np.searchsorted(x, right, side="right")) + 1)


def reduced(x: Array, y: Array, pixels: int, averaged: bool) -> tuple[Array, Array]:
    """At most about ``2 * pixels`` points: the mean of every group of points, or its two extremes in the order in which
    the group runs. Groups stay the same while points are added, and the newest point is always there."""
    size = len(x) // max(pixels, 1)
    if size < 2 or len(x) <= 2 * pixels:
        return x, y
    starts = np.arange(0, len(x), size)
    ends = np.append(starts[1:], len(x)) - 1
    if averaged:
        means = np.add.reduceat(y, starts) / (ends - starts + 1)
        return np.append(x[starts], x[-1]), np.append(means, y[-1])
    low, high = np.fmin.reduceat(y, starts), np.fmax.reduceat(y, starts)
    rising = y[ends] >= y[starts]
    extremes = np.stack([np.where(rising, low, high), np.where(rising, high, low)], axis=1)
    return np.append(np.repeat(x[starts], 2), x[-1]), np.append(extremes, y[-1])


class Curve(pg.GraphicsObject):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.pen = QPen()
        self.x: Array = np.empty(0)  # what is drawn
        self.y: Array = np.empty(0)
        self._path, self._bounds = QPainterPath(), QRectF()
        self._smooth = self._marked = False

    def set_style(self, pen: QPen, smooth: bool, marked: bool) -> None:
        self.pen, self._smooth, self._marked = pen, smooth, marked

    def set_data(self, x: Array, y: Array, view: QRectF) -> None:
        """``view``: what the canvas shows; NaN in ``y`` leaves a gap."""
        self.x, self.y = x, y
        finite = bool(np.isfinite(y).all())
        points = x.astype(float), y.astype(float)
        self._path = pg.functions.arrayToQPath(
            *points, connect="all" if finite else "finite", finiteCheck=False
        )
        if view != self._bounds:
            self.prepareGeometryChange()
            self._bounds = QRectF(view)
        self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, *_: object) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self._smooth)
        painter.setPen(self.pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._path)
        if self._marked:
            self._paint_marks(painter)

    def _paint_marks(self, painter: QPainter) -> None:
        """Round whatever the scales of the axes."""
        to_pixels = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.pen.color())
        for x, y in zip(self.x.tolist(), self.y.tolist(), strict=True):
            if y == y:
                painter.drawEllipse(to_pixels.map(QPointF(x, y)), MARK_RADIUS, MARK_RADIUS)
        painter.restore()
