"""One fact's success and loss over the scorings of its run, small."""

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.desktop.plots.plot import SMALL
from workbench.desktop.theme import Tokens, interface_font, tokens_of
from workbench.desktop.widgets import tip
from workbench.evaluation.fact_history import UNEDITED, Moment
from workbench.evaluation.scores import LOSS_PROTOCOL, PROTOCOLS

LEFT, RIGHT, GAP, MARK = 30, 10, 8, 2.5  # pixels
LINE = 15.0  # of text
CROWDED = 40  # moments from which points are left out
SMALLEST = QSize(180, 96)


class TracePlot(QWidget):
    """ES above, loss below, over the same steps; pointer or arrow keys read a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("probe-trace")
        self.moments: Sequence[Moment] = ()
        self.edited = 0  # the step that edited the fact; 0: none
        self.at: int | None = None  # the moment that is read
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(SMALLEST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setToolTip(tip(f"{PROTOCOLS['es']} Here of this fact alone.\n\n{LOSS_PROTOCOL}"))
        self._font = interface_font(SMALL)

    def show_trace(self, moments: Sequence[Moment], edited: int) -> None:
        """What is read stays where the steps are the same."""
        if [m.step for m in moments] != [m.step for m in self.moments]:
            self.at = None
        self.moments, self.edited = tuple(moments), edited
        said = "; ".join(map(in_words, self.moments[-20:])) or "not scored yet"
        self.setAccessibleName(f"The fact over the run: {said}")
        self.update()

    def reading(self) -> str:
        """Of the moment that is read, otherwise of the first and the last."""
        if self.at is not None:
            return in_words(self.moments[self.at])
        return "ES and loss of this fact, by step" if self.moments else ""

    def _read(self, at: int | None) -> None:
        if at != self.at:
            self.at = at
            self.setAccessibleDescription(self.reading())
            self.update()

    # Geometry

    def _panes(self) -> tuple[QRectF, QRectF]:
        """Of ES and of loss."""
        top = LINE + 4
        height = max(1.0, (self.height() - top - LINE - GAP) / 2)
        width = max(1.0, self.width() - LEFT - RIGHT)
        upper = QRectF(LEFT, top, width, height)
        return upper, upper.translated(0, height + GAP)

    def _x(self, step: int, pane: QRectF) -> float:
        last = max(self.moments[-1].step, 1)
        return pane.left() + pane.width() * step / last

    # Qt

    def sizeHint(self) -> QSize:
        return QSize(260, 120)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.moments:
            pane = self._panes()[0]
            distances = [abs(self._x(m.step, pane) - event.position().x()) for m in self.moments]
            self._read(distances.index(min(distances)))

    def leaveEvent(self, _event: object) -> None:
        self._read(None)

    def focusOutEvent(self, _event: object) -> None:
        self._read(None)
        self.update()

    def focusInEvent(self, _event: object) -> None:
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if by is None or not self.moments:
            super().keyPressEvent(event)
            return
        last = len(self.moments) - 1
        self._read(last if self.at is None else min(max(self.at + by, 0), last))

    def paintEvent(self, _: QPaintEvent) -> None:
        tokens = tokens_of(QGuiApplication.palette())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        painter.setPen(QColor(tokens.dim))
        said = QFontMetricsF(self._font).elidedText(
            self.reading(), Qt.TextElideMode.ElideRight, self.width() - 4
        )
        painter.drawText(QRectF(2, 0, self.width() - 4, LINE), Qt.AlignmentFlag.AlignVCenter, said)
        if self.moments:
            upper, lower = self._panes()
            losses = [m.loss for m in self.moments if math.isfinite(m.loss)]
            self._paint_pane(painter, tokens, upper, "ES", lambda m: m.es, 1.0, tokens.curves[0], False)
            if losses:
                high = max(*losses, 1e-9)
                self._paint_pane(
                    painter, tokens, lower, "loss", lambda m: m.loss, high, tokens.curves[1], True
                )
            self._paint_steps(painter, tokens, lower)
        if self.hasFocus():
            painter.setPen(QColor(tokens.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_pane(
        self,
        painter: QPainter,
        tokens: Tokens,
        pane: QRectF,
        name: str,
        of: Callable[[Moment], float],
        high: float,
        colour: str,
        dashed: bool,
    ) -> None:
        """From zero to ``high``."""
        painter.setPen(QPen(QColor(tokens.line), 1))
        for y in (pane.top(), pane.bottom()):
            painter.drawLine(QPointF(pane.left(), y), QPointF(pane.right(), y))
        painter.setPen(QColor(tokens.dim))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        room = QRectF(0, pane.top() - LINE / 2, LEFT - 4, LINE)
        painter.drawText(room, right, "1" if high == 1 else f"{high:.3g}")
        painter.drawText(QRectF(0, pane.center().y() - LINE / 2, LEFT - 4, LINE), right, name)
        points = [
            QPointF(self._x(m.step, pane), pane.bottom() - pane.height() * min(of(m) / high, 1.0))
            for m in self.moments
            if math.isfinite(of(m))
        ]
        pen = QPen(QColor(colour), 1.5)
        if dashed:
            pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
        if len(points) <= CROWDED:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            for point in points:
                painter.drawEllipse(point, MARK, MARK)

    def _paint_steps(self, painter: QPainter, tokens: Tokens, lower: QRectF) -> None:
        """Its own step, the moment that is read, and the ends of the axis."""
        top, bottom = self._panes()[0].top(), lower.bottom()
        painter.setPen(QPen(QColor(tokens.dim), 1, Qt.PenStyle.DotLine))
        if self.edited:
            x = self._x(self.edited, lower)
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))
        if self.at is not None:
            painter.setPen(QPen(QColor(tokens.ink), 1))
            x = self._x(self.moments[self.at].step, lower)
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))
        self._paint_numbers(painter, tokens, lower)

    def _paint_numbers(self, painter: QPainter, tokens: Tokens, lower: QRectF) -> None:
        """Those that have room, the last step first."""
        painter.setPen(QColor(tokens.dim))
        metrics, free = QFontMetricsF(self._font), lower.right() + RIGHT
        last = self.moments[-1].step
        edited = "edited" if self.edited == last else f"edited {self.edited:,}"
        wanted = [(last, f"step {last:,}"), (self.edited, edited if self.edited else ""), (0, "0")]
        for step, text in wanted:
            if not text or (step == last and text == edited):
                continue
            width = metrics.horizontalAdvance(text)
            left = min(max(self._x(step, lower) - width / 2, 2.0), self.width() - width - 2)
            if left + width <= free:
                painter.drawText(QPointF(left, lower.bottom() + metrics.ascent() + 2), text)
                free = left - 6


def in_words(moment: Moment) -> str:
    when = "unedited" if moment.step == UNEDITED else f"after step {moment.step:,}"
    es = f"ES {moment.es:.2f}" if math.isfinite(moment.es) else "not scored"
    return f"{when}: {es}" + (f", loss {moment.loss:.2f} nats" if math.isfinite(moment.loss) else "")
