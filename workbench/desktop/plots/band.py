"""A shaded range between two curves, cut down to about one column per pixel."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPolygonF, QTransform

Array = npt.NDArray[Any]
COLUMNS = 200
_NONE: Array = np.empty((4, 0))


def envelope(x: Array, low: Array, high: Array, most: int = COLUMNS) -> tuple[Array, Array, Array]:
    """At most ``most`` columns: the lowest of ``low`` and the highest of ``high`` in each."""
    finite = np.isfinite(low) & np.isfinite(high)
    if not finite.all():
        x, low, high = x[finite], low[finite], high[finite]
    if len(x) <= most:
        return x, low, high
    starts = np.linspace(0, len(x), most, endpoint=False).astype(int)
    return x[starts], np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)


class Band(pg.GraphicsObject):  # type: ignore[misc]
    """Few points make a polygon, many make columns, which paint four times as fast."""

    def __init__(self) -> None:
        super().__init__()
        self._polygon, self._columns, self._bounds = QPolygonF(), _NONE, QRectF()
        self._colour = QColor()
        self.setZValue(-5)

    def set_data(self, x: Array, low: Array, high: Array, colour: QColor) -> None:
        end = float(x[-1])
        x, low, high = envelope(x, low, high)
        dense = len(x) == COLUMNS
        self._columns = np.stack([x, np.append(x[1:], end), low, high]) if dense else _NONE
        self._polygon = QPolygonF() if dense else around(x, low, high)
        bounds = QRectF()
        if len(x):
            bounds = QRectF(QPointF(float(x[0]), float(low.min())), QPointF(end, float(high.max())))
        if bounds != self._bounds:
            self.prepareGeometryChange()
            self._bounds = bounds
        self._colour = colour
        self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, *_: object) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        if self._columns.size:
            rectangles = columns(self._columns, painter.worldTransform())
            painter.setWorldTransform(QTransform())
            painter.drawRects(rectangles)
        else:
            painter.drawPolygon(self._polygon)


def columns(data: Array, to_pixels: QTransform) -> list[QRect]:
    """``data``: (left, right, low, high) × columns. On whole pixels, which paint ten times as fast as fractions."""
    x = np.rint(data[:2] * to_pixels.m11() + to_pixels.dx()).astype(int)
    y = np.rint(data[2:] * to_pixels.m22() + to_pixels.dy()).astype(int)
    top, height = y.min(0), np.maximum(np.ptp(y, axis=0), 1)
    sides = zip(x[0].tolist(), top.tolist(), (x[1] - x[0]).tolist(), height.tolist(), strict=True)
    return [QRect(*side) for side in sides]


def around(x: Array, low: Array, high: Array) -> QPolygonF:
    upper = [QPointF(*point) for point in zip(x.tolist(), high.tolist(), strict=True)]
    lower = [QPointF(*point) for point in zip(x[::-1].tolist(), low[::-1].tolist(), strict=True)]
    return QPolygonF(upper + lower)
