"""The small table of values at the crosshair."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from workbench.desktop.theme import DARK, Tokens

ROW, PADDING, SWATCH, COLUMN_GAP = 15.0, 7.0, 18.0, 12.0


@dataclass(frozen=True, slots=True)
class Reading:
    label: str
    value: str
    pen: QPen


class Readout(QWidget):
    """Lies over the canvas on the side away from the crosshair; never takes the mouse."""

    def __init__(self, font: QFont, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.tokens: Tokens = DARK
        self._title = ""
        self._readings: Sequence[Reading] = ()
        self._rows = 1
        self.setFont(font)
        self.hide()

    def show_readings(self, title: str, readings: Sequence[Reading], area: QRectF, cursor: float) -> None:
        """``area`` is the view in the parent's pixels, ``cursor`` the crosshair's x there."""
        self._title, self._readings = title, readings
        most = max(1, int((area.height() - 2 * PADDING) // ROW) - 1)
        self._rows = max(1, min(len(readings), most))
        size = self._needed()
        on_left = cursor > area.center().x()
        x = cursor - size.width() - 10 if on_left else cursor + 10
        x = min(max(x, area.left() + 2), max(area.left() + 2, area.right() - size.width()))
        self.setGeometry(round(x), round(area.top() + 2), size.width(), size.height())
        self.show()
        self.raise_()
        self.update()

    def text(self) -> str:
        """The whole as one line, for those who hear it."""
        return ", ".join([self._title, *(f"{r.label} {r.value}" for r in self._readings)])

    def _columns(self) -> list[Sequence[Reading]]:
        return [self._readings[i : i + self._rows] for i in range(0, len(self._readings), self._rows)]

    def _widths(self, column: Sequence[Reading]) -> tuple[float, float]:
        metrics = QFontMetricsF(self.font())
        labels = max(metrics.horizontalAdvance(r.label) for r in column)
        return labels, max(metrics.horizontalAdvance(r.value) for r in column)

    def _needed(self) -> QSize:
        width = sum(SWATCH + sum(self._widths(c)) + 8 + COLUMN_GAP for c in self._columns()) - COLUMN_GAP
        title = QFontMetricsF(self.font()).horizontalAdvance(self._title)
        height = ROW * ((self._rows if self._readings else 0) + 1) + 2 * PADDING - 2
        return QSize(round(max(width, title) + 2 * PADDING), round(height))

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(self.tokens.edge))
        ground = QColor(self.tokens.raised)
        ground.setAlphaF(0.94)
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        painter.setPen(QColor(self.tokens.dim))
        top = PADDING - 1
        painter.drawText(QRectF(PADDING, top, self.width(), ROW), Qt.AlignmentFlag.AlignVCenter, self._title)
        left = PADDING
        for column in self._columns():
            left = self._paint_column(painter, column, left, top + ROW)

    def _paint_column(self, painter: QPainter, column: Sequence[Reading], left: float, top: float) -> float:
        labels, values = self._widths(column)
        right = left + SWATCH + labels + 8 + values
        for reading in column:
            middle = top + ROW / 2
            painter.setPen(reading.pen)
            painter.drawLine(QPointF(left, middle), QPointF(left + SWATCH - 6, middle))
            painter.setPen(QColor(self.tokens.dim))
            box = QRectF(left + SWATCH, top, right - left - SWATCH, ROW)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, reading.label)
            painter.setPen(QColor(self.tokens.ink))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, reading.value)
            top += ROW
        return right + COLUMN_GAP
