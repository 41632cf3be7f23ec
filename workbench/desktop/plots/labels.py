"""Labels at the curves' ends that never overlap."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

GAP = 13.0  # logical pixels between two baselines
LEAD = 10.0  # from the curve's end to its label
WIDEST = 110.0


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions at least ``gap`` apart within ``low`` and ``high``, in the order of ``wanted``, close to it.

    ``(len(wanted) - 1) * gap`` must fit between ``low`` and ``high``.
    """
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    groups: list[
        tuple[float, int]
    ] = []  # (position of its first, members), each as near to its wish as it can
    for i in order:
        start, size = min(max(wanted[i], low), high), 1
        while groups and groups[-1][0] + groups[-1][1] * gap > start:
            above, members = groups.pop()
            start = (above * members + (start - members * gap) * size) / (members + size)
            size += members
            start = min(max(start, low), high - (size - 1) * gap)
        groups.append((start, size))
    placed = [start + k * gap for start, size in groups for k in range(size)]
    result = [0.0] * len(wanted)
    for position, i in zip(placed, order, strict=True):
        result[i] = position
    return result


def evenly(count: int, most: int) -> list[int]:
    """At most ``most`` of ``count`` indices with both ends among them."""
    if count <= most:
        return list(range(count))
    if most <= 1:
        return [0][:most]
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})


@dataclass(frozen=True, slots=True)
class EndLabel:
    text: str
    colour: QColor
    y: float  # in the view's coordinates


class EndLabels(pg.GraphicsWidget):  # type: ignore[misc]
    """The column to the right of a view. Positions follow the view at every paint."""

    def __init__(self, view: pg.ViewBox, font: QFont) -> None:
        super().__init__()
        self._view, self._font = view, font
        self._labels: list[EndLabel] = []
        self.setFixedWidth(8)
        view.sigRangeChanged.connect(self._moved)
        view.sigResized.connect(self._moved)

    def _moved(self) -> None:
        self.update()

    def show_labels(self, labels: list[EndLabel]) -> None:
        self._labels = labels
        metrics = QFontMetricsF(self._font)
        widest = max((metrics.horizontalAdvance(label.text) for label in labels), default=0.0)
        width = min(widest + LEAD + 4, WIDEST) if labels else 8.0
        if abs(width - self.minimumWidth()) > 0.5:
            self.setFixedWidth(round(width))
        self.update()

    def placed(self) -> list[tuple[EndLabel, float, float]]:
        """Each label that fits, with its curve's end and its own middle, in pixels from the top."""
        height = self.size().height()
        low, high = self._view.viewRange()[1]
        if not self._labels or height <= GAP or high <= low:
            return []
        inside = [label for label in self._labels if low <= label.y <= high]
        ordered = sorted(inside, key=lambda label: -label.y)
        chosen = [ordered[i] for i in evenly(len(ordered), int(height // GAP))]
        ends = [(high - label.y) / (high - low) * height for label in chosen]
        places = spread(ends, GAP, GAP / 2, height - GAP / 2)
        return list(zip(chosen, ends, places, strict=True))

    def paint(self, painter: QPainter, *_: object) -> None:
        painter.setFont(self._font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = QFontMetricsF(self._font)
        room = self.size().width() - LEAD
        for label, end, place in self.placed():
            faint = QColor(label.colour)
            faint.setAlphaF(faint.alphaF() * 0.6)
            painter.setPen(QPen(faint, 1))
            painter.drawLine(QPointF(1, end), QPointF(LEAD - 3, place))
            painter.setPen(label.colour)
            text = metrics.elidedText(label.text, Qt.TextElideMode.ElideRight, room)
            box = QRectF(LEAD, place - GAP, room, 2 * GAP)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
