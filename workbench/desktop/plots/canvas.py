"""The drawing area: a pyqtgraph view with horizontal grid, no frame, no menu, moved along x only."""

import pyqtgraph as pg
from pyqtgraph.GraphicsScene.mouseEvents import MouseClickEvent
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QGraphicsRectItem, QWidget

from workbench.desktop.plots.axes import PlainAxis, StepAxis
from workbench.desktop.theme import Tokens

LEFT_AXIS, BOTTOM_AXIS = 46, 18  # logical pixels


class _View(pg.ViewBox):  # type: ignore[misc]
    """Ctrl and wheel zoom x, a drag moves it; a double click is the plot's."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0.0)
        self.setMouseEnabled(x=True, y=False)
        self.disableAutoRange()
        self.setBorder(None)

    def mouseClickEvent(self, event: object) -> None:
        """Nothing: the context menu is the plot's own."""


class Canvas(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Without pyqtgraph's PlotItem, which makes some fifty hidden controls of its own."""

    moved = Signal()  # the person panned or zoomed
    resized = Signal()
    pointed = Signal(float, float)  # x and y under the pointer, before ``hovered``
    hovered = Signal(float)  # x under the pointer
    clicked = Signal(float, float)  # x and y, with the left button
    left = Signal()
    double_clicked = Signal()

    def __init__(self, left: PlainAxis, bottom: StepAxis, font: QFont, parent: QWidget | None = None) -> None:
        self.view = _View()
        super().__init__(parent)
        self.left_axis, self.bottom_axis = left, bottom
        self._beside: list[pg.GraphicsWidget] = []
        self.ci.layout.setContentsMargins(4, 6, 4, 2)
        self.ci.layout.setSpacing(0)
        self.addItem(self.view, 0, 1)
        self.addItem(left, 0, 0)
        self.addItem(bottom, 1, 1)
        for axis in (left, bottom):
            axis.linkToView(self.view)
            axis.setTickFont(font)
            axis.setPen(QPen(Qt.PenStyle.NoPen))
            axis.setZValue(-1000)  # the grid lies under the curves
        left.setWidth(LEFT_AXIS)
        bottom.setHeight(BOTTOM_AXIS)
        left.setGrid(255)
        self.cursor_line = pg.InfiniteLine(angle=90, movable=False)
        self.cursor_line.setVisible(False)
        self.view.addItem(self.cursor_line, ignoreBounds=True)
        self._cell = QGraphicsRectItem()
        self._cell.setVisible(False)
        self.view.addItem(self._cell, ignoreBounds=True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(self.Shape.NoFrame)
        self.view.sigRangeChangedManually.connect(self._was_moved)
        self.scene().sigMouseMoved.connect(self._was_hovered)
        self.scene().sigMouseClicked.connect(self._was_clicked)

    def restyle(self, tokens: Tokens) -> None:
        self.setBackground(tokens.plot)
        for axis in (self.left_axis, self.bottom_axis):
            axis.setTextPen(QColor(tokens.dim))
        self.left_axis.setTickPen(QColor(tokens.line))
        self.cursor_line.setPen(QPen(QColor(tokens.dim), 0))

    def settle(self) -> None:
        """Applies the new ranges now; left to the paint event they would cause a second one."""
        self.scene().prepareForPaint()

    def add_beside(self, item: pg.GraphicsWidget) -> None:
        """To the right of the view, as high."""
        self.addItem(item, 0, 2)
        self._beside.append(item)

    def set_small(self, small: bool) -> None:
        """Curves without axes and labels, which leave the mouse to what is below."""
        for item in (self.left_axis, self.bottom_axis, *self._beside):
            item.hide() if small else item.show()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, small)

    def show_cursor(self, x: float | None) -> None:
        """Without the cell that was framed before."""
        self._cell.setVisible(False)
        self.cursor_line.setVisible(x is not None)
        if x is not None:
            self.cursor_line.setValue(x)

    def frame_cell(self, cell: QRectF, colour: QColor) -> None:
        """Until the cursor moves."""
        pen = QPen(colour, 2)
        pen.setCosmetic(True)
        self._cell.setPen(pen)
        self._cell.setRect(cell)
        self._cell.setVisible(True)

    def view_rect_on_canvas(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the view in the widget's pixels."""
        box = self.view.sceneBoundingRect()
        return box.left(), box.top(), box.width(), box.height()

    def _was_moved(self) -> None:
        self.moved.emit()

    def _was_hovered(self, position: QPointF) -> None:
        if self.view.sceneBoundingRect().contains(position):
            at = self.view.mapSceneToView(position)
            self.pointed.emit(at.x(), at.y())
            self.hovered.emit(at.x())
        else:
            self.left.emit()

    def _was_clicked(self, event: MouseClickEvent) -> None:
        position = event.scenePos()
        if event.button() == Qt.MouseButton.LeftButton and self.view.sceneBoundingRect().contains(position):
            at = self.view.mapSceneToView(position)
            self.clicked.emit(at.x(), at.y())

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel is the page's; with Ctrl it zooms."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
        else:
            event.ignore()

    def mouseDoubleClickEvent(self, event: QEvent) -> None:
        event.accept()
        self.double_clicked.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()
