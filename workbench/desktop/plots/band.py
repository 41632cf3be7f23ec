"""A shaded range between two curves, cut down to about one polygon corner per pixel."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPolygonF
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

Array = npt.NDArray[Any]
CORNERS = 400  # per edge


def envelope(x: Array, low: Array, high: Array, most: int = CORNERS) -> tuple[Array, Array, Array]:
    """At most ``most`` columns: the lowest of ``low`` and the highest of ``high`` in each."""
    finite = np.isfinite(low) & np.isfinite(high)
    if not finite.all():
        x, low, high = x[finite], low[finite], high[finite]
    if len(x) <= most:
        return x, low, high
    starts = np.linspace(0, len(x), most, endpoint=False).astype(int)
    return x[starts], np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)


class Band(pg.GraphicsObject):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self._polygon, self._bounds = QPolygonF(), QRectF()
        self._colour = QColor()
        self.setZValue(-5)

    def set_data(self, x: Array, low: Array, high: Array, colour: QColor) -> None:
        x, low, high = envelope(x, low, high)
        self.prepareGeometryChange()
        edge = [*zip(x, high, strict=True), *zip(x[::-1], low[::-1], strict=True)]
        self._polygon = QPolygonF([QPointF(float(a), float(b)) for a, b in edge])
        self._bounds = self._polygon.boundingRect()
        self._colour = colour
        self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:  # noqa: ARG002
        painter.setPen(QColor(0, 0, 0, 0))
        painter.setBrush(self._colour)
        painter.drawPolygon(self._polygon)
