"""The grid of editable modules: click, drag, arrows and space tick them."""

from collections.abc import Collection

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from workbench.desktop.model.bands import Bands
from workbench.desktop.model.selection import Cell, Matrix, in_words
from workbench.desktop.theme import Tokens, interface_font, tokens_of
from workbench.desktop.widgets import tip

SMALL = 11.0  # pixels, of layer numbers and projection names
EVERY = 5  # layers between two numbers
CHECK = ((-2.6, 0.2), (-0.8, 2.0), (2.6, -2.0))  # from the middle of a ticked cell
HELP = (
    "Click or drag to tick. A name ticks its row, a number its layer. Keys: arrows, Space; Shift+Space ticks the "
    "row, Ctrl+Space the layer."
)
Key = Qt.Key
Modifier = Qt.KeyboardModifier
MOVES = {Key.Key_Left: (0, -1), Key.Key_Right: (0, 1), Key.Key_Up: (-1, 0), Key.Key_Down: (1, 0)}


class ModuleGrid(QWidget):
    """Shows a Matrix and holds which of its cells are ticked."""

    changed = Signal()  # by the person

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("model-grid")
        self.setAccessibleName("Modules to edit, layer by projection")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.matrix = Matrix(())
        self.ticked: frozenset[Cell] = frozenset()
        self._current: Cell = (0, 0)
        self._over: tuple[int | None, int | None] | None = None
        self._anchor: Cell | None = None
        self._before: frozenset[Cell] = frozenset()  # ticked when the drag began
        self._lock_reason = ""
        self._font = interface_font(SMALL)
        self._names: list[str] = []
        self._name_width = 0.0

    def set_matrix(self, matrix: Matrix) -> None:
        self.matrix, self.ticked, self._anchor, self._over = matrix, frozenset(), None, None
        self._names = matrix.short_names()
        metrics = QFontMetricsF(self._font)
        self._name_width = max((metrics.horizontalAdvance(n) for n in self._names), default=0.0) + 8
        self._current = (max(0, len(matrix.projections) - 1), 0)
        self.updateGeometry()
        self._describe()

    def set_ticked(self, cells: Collection[Cell]) -> None:
        self.ticked = frozenset(cells)
        self._describe()

    def lock(self, reason: str) -> None:
        """Shows what is ticked and says why it cannot change; empty: it can."""
        self._lock_reason = reason
        self.setEnabled(not reason)

    def bands(self, width: int | None = None) -> Bands:
        wide = self.width() if width is None else width
        return Bands(len(self.matrix.projections), len(self.matrix.layers), wide, self._name_width)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self.bands(width).height

    def sizeHint(self) -> QSize:
        return QSize(250, self.heightForWidth(250))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 0)

    def centre(self, cell: Cell) -> QPointF:
        return QRectF(*self.bands().cell(cell)).center()

    def _describe(self) -> None:
        module = self.matrix.at.get(self._current)
        where = (
            f"{module.name}, {'ticked' if self._current in self.ticked else 'not ticked'}. " if module else ""
        )
        self.setAccessibleDescription(f"{where}{in_words(self.matrix, self.ticked)}")
        self.update()

    def _put(self, cells: Collection[Cell]) -> None:
        if frozenset(cells) != self.ticked:
            self.set_ticked(cells)
            self.changed.emit()
        self._describe()

    def toggle(self, cells: Collection[Cell]) -> None:
        """Ticks them all, or unticks them where all are ticked."""
        group = frozenset(cells) & self.matrix.at.keys()
        self._put(self.ticked - group if group <= self.ticked else self.ticked | group)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        hit = self.bands().hit(event.position().x(), event.position().y())
        if event.button() != Qt.MouseButton.LeftButton or hit is None:
            return
        match hit:
            case (int(row), int(column)):
                self._anchor, self._before, self._current = (row, column), self.ticked, (row, column)
                self.toggle({(row, column)})
            case (int(row), None):
                self.toggle(self.matrix.of_projection(row))
            case (None, int(column)):
                self.toggle(self.matrix.of_layer(column))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x, y = event.position().x(), event.position().y()
        if self._anchor is None:
            self._hover(self.bands().hit(x, y))
            return
        self._current = self.bands().nearest(x, y)
        swept = self.matrix.between(self._anchor, self._current)
        self._put(self._before - swept if self._anchor in self._before else self._before | swept)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: ARG002
        self._anchor = None

    def leaveEvent(self, event: QEvent) -> None:  # noqa: ARG002
        self._hover(None)

    def _hover(self, over: tuple[int | None, int | None] | None) -> None:
        if over != self._over:
            self._over = over
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = Key(event.key()), event.modifiers()
        if not self.matrix.at:
            super().keyPressEvent(event)
        elif key in MOVES:
            self._move(*MOVES[key], sweep=bool(modifiers & Modifier.ShiftModifier))
        elif key in (Key.Key_Home, Key.Key_End):
            self._move(0, -len(self.matrix.layers) if key == Key.Key_Home else len(self.matrix.layers))
        elif key in (Key.Key_Space, Key.Key_Return, Key.Key_Enter):
            self._toggle_by_key(modifiers)
        else:
            super().keyPressEvent(event)

    def _move(self, down: int, right: int, sweep: bool = False) -> None:
        """With ``sweep`` the next cell gets what the current one has."""
        rows, columns = len(self.matrix.projections), len(self.matrix.layers)
        here = self._current
        there = (min(max(here[0] + down, 0), rows - 1), min(max(here[1] + right, 0), columns - 1))
        self._current = there
        if sweep and there in self.matrix.at:
            self._put(self.ticked | {there} if here in self.ticked else self.ticked - {there})
        self._describe()

    def _toggle_by_key(self, modifiers: Qt.KeyboardModifier) -> None:
        row, column = self._current
        if modifiers & Modifier.ShiftModifier:
            self.toggle(self.matrix.of_projection(row))
        elif modifiers & Modifier.ControlModifier:
            self.toggle(self.matrix.of_layer(column))
        else:
            self.toggle({self._current})

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), tip(self.tip_at(event.pos().x(), event.pos().y())), self)
            return True
        return super().event(event)

    def tip_at(self, x: float, y: float) -> str:
        if self._lock_reason:
            return self._lock_reason
        match self.bands().hit(x, y):
            case (int(row), int(column)):
                module = self.matrix.at.get((row, column))
                return f"{module.name}\n{module.d_in:,} inputs → {module.d_out:,} outputs" if module else ""
            case (int(row), None):
                return f"{self.matrix.projections[row]}: click to tick it in every layer"
            case (None, int(column)):
                return f"Layer {self.matrix.layers[column]}: click to tick all its modules"
        return HELP

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        tokens, bands = tokens_of(self.palette()), self.bands()
        self._paint_heads(painter, tokens, bands)
        for cell in self.matrix.at:
            self._paint_cell(painter, tokens, bands, cell)
        if self.hasFocus() and self._current in self.matrix.at:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.ink), 1.5))
            painter.drawRoundedRect(QRectF(*bands.cell(self._current)).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_cell(self, painter: QPainter, tokens: Tokens, bands: Bands, cell: Cell) -> None:
        ticked, over = cell in self.ticked, self._over == cell
        fill = (tokens.accent if self.isEnabled() else tokens.disabled) if ticked else tokens.raised
        edge = tokens.ink if over and self.isEnabled() else (fill if ticked else tokens.edge)
        painter.setPen(QPen(QColor(edge), 1))
        painter.setBrush(QColor(fill))
        box = QRectF(*bands.cell(cell)).adjusted(1.5, 1.5, -1.5, -1.5)
        painter.drawRoundedRect(box, 3, 3)
        if ticked:
            middle = box.center()
            painter.setPen(QPen(QColor(tokens.on_accent), 1.4))
            painter.drawPolyline([middle + QPointF(*at) for at in CHECK])

    def _paint_heads(self, painter: QPainter, tokens: Tokens, bands: Bands) -> None:
        over_row, over_column = self._over or (None, None)
        for band in range(bands.bands):
            for row, name in enumerate(self._names):
                painter.setPen(QColor(tokens.ink if row == over_row else tokens.dim))
                box = QRectF(*bands.projection_head(row, band))
                painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        for column, layer in enumerate(self.matrix.layers):
            first = column % bands.per_band == 0
            near_first = column % bands.per_band == 1
            if column == over_column or first or (layer % EVERY == 0 and not near_first):
                painter.setPen(QColor(tokens.ink if column == over_column else tokens.dim))
                box = QRectF(*bands.layer_head(column)).adjusted(-6, 0, 6, 0)
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(layer))
