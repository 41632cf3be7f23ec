"""How the facts of each step were kept, as a map: columns are the steps, rows the evaluations after them."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.desktop.plots.axes import nice_spacing
from workbench.desktop.plots.cividis import paint_bar, share_pixels
from workbench.desktop.plots.plot import SMALL
from workbench.desktop.theme import interface_font, tokens_of

Floats = npt.NDArray[np.float64]
LEFT, TOP, BOTTOM, RIGHT = 52, 44, 34, 12  # pixels around the cells
GAP_FROM = 7  # pixels of a cell from which cells stand apart
SMALLEST = QSize(240, 150)
BAR_WIDTH = 56


def matrix_of(retention: Sequence[Floats]) -> Floats:
    """(evaluations, steps) with NaN where a step was still to come."""
    steps = max((len(row) for row in retention), default=0)
    matrix = np.full((len(retention), steps), np.nan)
    for i, row in enumerate(retention):
        matrix[i, : len(row)] = row
    return matrix


class RetentionMap(QWidget):
    """Pointer or arrow keys read a cell."""

    def __init__(self, title: str, after: Sequence[int], retention: Sequence[Floats]) -> None:
        super().__init__()
        self.setObjectName("retention-map")
        self.title, self.after, self.values = title, tuple(after), matrix_of(retention)
        self.cursor_at: tuple[int, int] | None = None  # evaluation, step, both from 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(SMALLEST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(f"Retention of {title}: ES of each step's facts after later steps")
        self._font = interface_font(SMALL)

    def reading(self) -> str:
        """What the cell under the cursor says."""
        if self.cursor_at is None:
            return ""
        row, column = self.cursor_at
        value = self.values[row, column]
        said = "still to come" if np.isnan(value) else f"ES {value:.2f}"
        return f"After step {self.after[row]:,}, facts of step {column + 1:,}: {said}"

    def read(self, cell: tuple[int, int] | None) -> None:
        if cell != self.cursor_at:
            self.cursor_at = cell
            self.setAccessibleDescription(self.reading())
            self.update()

    def cell_at(self, point: QPoint) -> tuple[int, int] | None:
        area, (rows, columns) = self._area(), self.values.shape
        if not self.values.size or not area.contains(point.toPointF()):
            return None
        row = int((point.y() - area.top()) / area.height() * rows)
        column = int((point.x() - area.left()) / area.width() * columns)
        return min(row, rows - 1), min(column, columns - 1)

    def _area(self) -> QRectF:
        return QRectF(LEFT, TOP, max(1, self.width() - LEFT - RIGHT), max(1, self.height() - TOP - BOTTOM))

    # Qt

    def sizeHint(self) -> QSize:
        return QSize(360, 200)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.read(self.cell_at(event.position().toPoint()))

    def leaveEvent(self, _event: object) -> None:
        self.read(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        move = moves.get(Qt.Key(event.key()))
        if move is None or not self.values.size:
            super().keyPressEvent(event)
            return
        rows, columns = self.values.shape
        row, column = self.cursor_at or (rows - 1, 0 if move[1] >= 0 else columns - 1)
        if self.cursor_at is not None:
            row, column = row + move[0], column + move[1]
        self.read((min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)))

    def focusOutEvent(self, _event: object) -> None:
        self.read(None)

    def paintEvent(self, _: QPaintEvent) -> None:
        tokens = tokens_of(QGuiApplication.palette())
        painter = QPainter(self)
        painter.setFont(self._font)
        area = self._area()
        self._paint_cells(painter, area, QColor(tokens.plot))
        painter.setPen(QColor(tokens.ink))
        line = QFontMetricsF(self._font).height()
        room = QRectF(LEFT, 4, area.width(), line)
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft, _cut(self._font, self.title, room.width()))
        painter.setPen(QColor(tokens.dim))
        said = self.reading() or "ES of each step's facts"
        room = QRectF(LEFT, 6 + line, area.width(), line)
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft, _cut(self._font, said, room.width()))
        self._paint_axes(painter, area)
        if self.cursor_at is not None:
            painter.setPen(QPen(QColor(tokens.ink), 2))
            painter.drawRect(self._cell(area, *self.cursor_at))
        if self.hasFocus():
            painter.setPen(QColor(tokens.accent))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _cell(self, area: QRectF, row: int, column: int) -> QRectF:
        rows, columns = self.values.shape
        width, height = area.width() / columns, area.height() / rows
        return QRectF(area.left() + column * width, area.top() + row * height, width, height)

    def _paint_cells(self, painter: QPainter, area: QRectF, ground: QColor) -> None:
        painter.fillRect(area, ground)
        if not self.values.size:
            return
        rows, columns = self.values.shape
        pixels = share_pixels(self.values)
        image = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888)
        painter.drawImage(area, image)
        painter.setPen(QPen(ground, 1))
        if area.width() / columns >= GAP_FROM:
            for column in range(1, columns):
                x = area.left() + column * area.width() / columns
                painter.drawLine(round(x), round(area.top()), round(x), round(area.bottom()))
        if area.height() / rows >= GAP_FROM:
            for row in range(1, rows):
                y = area.top() + row * area.height() / rows
                painter.drawLine(round(area.left()), round(y), round(area.right()), round(y))

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        if not self.values.size:
            return
        rows, columns = self.values.shape
        line = QFontMetricsF(self._font).height()
        every = max(1, round(nice_spacing(columns, max(2, int(area.width() // 48)))))
        for step in range(every, columns + 1, every) if every > 1 else range(1, columns + 1):
            cell = self._cell(area, 0, step - 1)
            room = QRectF(cell.center().x() - 24, area.bottom() + 2, 48, line)
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter, f"{step:,}")
        room = QRectF(area.left(), area.bottom() + 2 + line, area.width(), line)
        painter.drawText(room, Qt.AlignmentFlag.AlignHCenter, "facts of step")
        thin = max(1, -(-rows * int(line + 2) // max(1, int(area.height()))))
        for row in range(rows - 1, -1, -thin):
            cell = self._cell(area, row, 0)
            room = QRectF(0, cell.center().y() - line / 2, LEFT - 6, line)
            painter.drawText(
                room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{self.after[row]:,}"
            )
        room = QRectF(0, TOP - line - 2, LEFT - 6, line)
        painter.drawText(room, Qt.AlignmentFlag.AlignRight, "after")


class ShareBar(QWidget):
    """Which colour is which share: cividis from 0 to 1."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(BAR_WIDTH)
        self.setAccessibleName("Colours from 0, dark blue, to 1, yellow")
        self._font = interface_font(SMALL)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._font)
        bar = QRectF(8, TOP, 10, max(1, self.height() - TOP - BOTTOM))
        paint_bar(painter, bar)
        painter.setPen(QColor(tokens_of(QGuiApplication.palette()).dim))
        line = QFontMetricsF(self._font).height()
        for value in (0.0, 0.5, 1.0):
            y = bar.bottom() - value * bar.height()
            painter.drawText(QRectF(bar.right() + 5, y - line / 2, BAR_WIDTH, line), 0, f"{value:g}")


def _cut(font: QFont, text: str, width: float) -> str:
    return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, width)
