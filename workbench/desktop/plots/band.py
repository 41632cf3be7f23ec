"""A shaded range between two curves, cut down to about one column per pixel."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPolygonF

Array = npt.NDArray[Any]
COLUMNS = 200


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
        self._polygon, self._columns, self._bounds = QPolygonF(), list[QRectF](), QRectF()
        self._colour = QColor()
        self.setZValue(-5)

    def set_data(self, x: Array, low: Array, high: Array, colour: QColor) -> None:
        end = float(x[-1])
        x, low, high = envelope(x, low, high)
        corners = list(zip(x.tolist(), low.tolist(), high.tolist(), strict=True))
        dense = len(corners) == COLUMNS
        self._columns = columns(corners, end) if dense else []
        self._polygon = QPolygonF() if dense else around(corners)
        bounds = QRectF()
        if corners:
            bounds = QRectF(QPointF(corners[0][0], float(low.min())), QPointF(end, float(high.max())))
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
        if self._columns:
            painter.drawRects(self._columns)
        else:
            painter.drawPolygon(self._polygon)


Corner = tuple[float, float, float]  # x, low, high


def columns(corners: list[Corner], end: float) -> list[QRectF]:
    """Each reaches to the next, the last to ``end``."""
    rights = [corner[0] for corner in corners[1:]] + [end]
    return [
        QRectF(QPointF(x, low), QPointF(right, high))
        for (x, low, high), right in zip(corners, rights, strict=True)
    ]


def around(corners: list[Corner]) -> QPolygonF:
    upper = [QPointF(x, high) for x, _, high in corners]
    lower = [QPointF(x, low) for x, low, _ in reversed(corners)]
    return QPolygonF(upper + lower)
