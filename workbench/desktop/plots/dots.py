"""Points of a plot: their shape and colour say what they are, their size how much of something."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

SMALLEST, LARGEST = 3.0, 8.0  # radius in logical pixels, of share 0 and 1
_RING = 4.0  # free around the dot that is selected
_GAP = 6.0  # between a dot and its words


class Shape(Enum):
    ROUND = "round"
    DIAMOND = "diamond"
    SQUARE = "square"


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    share: float  # 0 to 1: how large
    shape: Shape
    colour: QColor
    filled: bool
    selected: bool = False
    words: str = ""

    @property
    def radius(self) -> float:
        share = min(1.0, max(0.0, self.share)) if self.share == self.share else 0.0
        return SMALLEST + (LARGEST - SMALLEST) * share


class Dots(pg.GraphicsObject):  # type: ignore[misc]
    """Round whatever the scales of the axes; words never leave the view on the right."""

    def __init__(self, font: QFont) -> None:
        super().__init__()
        self._dots: Sequence[Dot] = ()
        self._bounds, self._font = QRectF(), font
        self._ink, self._ground = QColor(), QColor()

    def set_dots(self, dots: Sequence[Dot], view: QRectF, ink: QColor, ground: QColor) -> None:
        self._dots, self._ink, self._ground = tuple(dots), ink, ground
        if view != self._bounds:
            self.prepareGeometryChange()
            self._bounds = QRectF(view)
        self.update()

    def boundingRect(self) -> QRectF:
        return self._bounds

    def paint(self, painter: QPainter, *_: object) -> None:
        to_pixels = painter.worldTransform()
        area = to_pixels.mapRect(self._bounds)
        painter.save()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        scale = self._scale(painter)
        placed = [(dot, to_pixels.map(QPointF(dot.x, dot.y))) for dot in self._dots]
        for dot, at in placed:
            self._paint_dot(painter, dot, at, scale)
        taken: list[QRectF] = []
        for dot, at in placed:
            if dot.words:
                taken.append(self._paint_words(painter, dot, at, area, taken, scale))
        painter.restore()

    @staticmethod
    def _scale(painter: QPainter) -> float:
        """Device pixels per logical one."""
        device = painter.device()
        return device.devicePixelRatioF() if device is not None else 1.0

    def _paint_dot(self, painter: QPainter, dot: Dot, at: QPointF, scale: float) -> None:
        radius = dot.radius * scale
        painter.setPen(QPen(dot.colour, 1.4 * scale))
        painter.setBrush(dot.colour if dot.filled else self._ground)
        if dot.shape is Shape.ROUND:
            painter.drawEllipse(at, radius, radius)
        elif dot.shape is Shape.SQUARE:
            painter.drawRect(QRectF(at.x() - radius, at.y() - radius, 2 * radius, 2 * radius))
        else:
            r = 1.25 * radius
            corners = [QPointF(0, -r), QPointF(r, 0), QPointF(0, r), QPointF(-r, 0)]
            painter.drawPolygon(QPolygonF([at + corner for corner in corners]))
        if dot.selected:
            painter.setPen(QPen(self._ink, 1.4 * scale))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, radius + _RING * scale, radius + _RING * scale)

    def _paint_words(
        self, painter: QPainter, dot: Dot, at: QPointF, area: QRectF, taken: list[QRectF], scale: float
    ) -> QRectF:
        """Right of the dot, left of it where there is no room, lower where other words stand."""
        metrics = QFontMetricsF(self._font)
        width, height = metrics.horizontalAdvance(dot.words) * scale, metrics.height() * scale
        beside = (dot.radius + _RING + _GAP) * scale
        left = at.x() + beside
        if left + width > area.right():
            left = max(area.left(), at.x() - beside - width)
        box = QRectF(left, at.y() - height / 2, width + 2 * scale, height)
        while any(box.intersects(other) for other in taken):
            box.translate(0, height)
        if box.bottom() > area.bottom():
            return box  # there is no room
        behind = QColor(self._ground)
        behind.setAlphaF(0.75)
        painter.fillRect(box, behind)
        painter.setPen(self._ink)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip, dot.words)
        return box
