"""What every plot has: heading, canvas, follow and freeze, crosshair, menu, export, restyling."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QEvent, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QAction,
    QColor,
    QContextMenuEvent,
    QEnterEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QFileDialog, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from workbench.desktop.plots import export
from workbench.desktop.plots.axes import PlainAxis, StepAxis, ValueAxis
from workbench.desktop.plots.canvas import Canvas
from workbench.desktop.plots.header import Header
from workbench.desktop.plots.readout import Reading, Readout
from workbench.desktop.series import RunSeries
from workbench.desktop.theme import DARK, Tokens, icon, interface_font, mark, tokens_of

MINIMUM = (300, 150)  # logical pixels
SMALL = 11.0
WHOLE = 0.95  # a view that shows this share of the run shows the whole run


class XAxis(StrEnum):
    STEP = "step"
    FACTS = "facts"


class Plot(QWidget):
    """Subclasses draw; they are told when. Reads ``RunSeries`` and holds no data of its own."""

    key: ClassVar[str]
    title: ClassVar[str]
    quantities: ClassVar[tuple[str, ...]]  # the quantity, then the same said ever shorter
    empty: ClassVar[str]  # what will appear and when
    steps_along_x: ClassVar[bool] = True

    cursor_moved = Signal(object)  # float | None: x of the crosshair that the person placed here
    fill_requested = Signal()
    exported = Signal(str)  # the path
    export_failed = Signal(str)  # one sentence

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run: RunSeries | None = None
        self.overlays: Sequence[RunSeries] = ()
        self.x_axis = XAxis.STEP
        self.tokens: Tokens = DARK
        self.cursor: float | None = None
        self.following = True
        self._span: float | None = None  # width of the view in x while following; None: the whole run
        self._shown: object = None
        self._build()
        self._make_actions()
        self.restyle()

    def set_runs(self, run: RunSeries | None, overlays: Sequence[RunSeries] = ()) -> None:
        """The run to show, and earlier ones behind it."""
        if run is not self.run:
            self.following, self._span, self.cursor = True, None, None
        self.run, self.overlays = run, tuple(overlays)
        self.invalidate()

    def set_x_axis(self, axis: XAxis) -> None:
        if axis != self.x_axis:
            self.x_axis = XAxis(axis)
            self.following, self._span = True, None
            self.set_cursor(None)
            self.invalidate()

    def refresh(self) -> None:
        """Draws what changed since the last time; a plot nobody sees waits until it is seen."""
        if not self.isVisible() or self.visibleRegion().isEmpty():
            return
        state = (self.run and self.run.revision, *(overlay.revision for overlay in self.overlays))
        if state != self._shown:
            self._shown = state
            self.redraw()

    def invalidate(self) -> None:
        self._shown = None
        self.refresh()

    def redraw(self) -> None:
        """Draws now, seen or not."""
        extent = self.draw()
        self._message.setVisible(extent is None)
        self.canvas.setVisible(extent is not None)
        if extent is not None:
            self._place_x(*extent)
            self.fit_y()
        if self.cursor is not None:
            self.set_cursor(self.cursor)
        self._follow_button.setVisible(not self.following and extent is not None)
        self._place_overlays()

    @abstractmethod
    def draw(self) -> tuple[float, float] | None:
        """Puts the data on the canvas; the extent in x, or None where there is nothing to show yet."""

    @abstractmethod
    def fit_y(self) -> None:
        """Sets the view's y range for the x range that it shows."""

    @abstractmethod
    def readings(self, x: float) -> list[Reading]:
        """What the crosshair reads at ``x``."""

    @abstractmethod
    def table(self) -> tuple[list[str], Iterator[Sequence[object]]]:
        """Column names and rows for the CSV, in full resolution."""

    @abstractmethod
    def positions(self) -> Sequence[float]:
        """Every x that the crosshair can stand on, ascending."""

    def new_left_axis(self) -> PlainAxis:
        return ValueAxis()

    def draw_style(self) -> None:
        """Called when the theme changed."""

    def open_legend(self) -> None:
        """A plot without curves has none."""

    def x_name(self, x: float) -> str:
        """``step 1,234 · 123,400 facts``, or facts first."""
        if self.run is None or not len(self.run.step):
            return f"{self.x_axis} {round(x):,}"
        steps, facts = self.run.step.values, self.run.facts.values
        along = steps if self.x_axis == XAxis.STEP else facts
        index = min(int(along.searchsorted(x - 1e-9)), len(along) - 1)
        at = (0, 0) if x < along[0] else (int(steps[index]), int(facts[index]))
        return f"step {at[0]:,} · {at[1]:,} facts"

    # Follow and freeze

    def follow(self) -> None:
        """Keeps the newest steps in view, as wide as the person zoomed."""
        self.following = True
        self.invalidate()

    def show_whole_run(self) -> None:
        self._span = None
        self.follow()

    @Slot()
    def _was_moved(self) -> None:
        positions = self.positions()
        if not len(positions):
            return
        first, last = min(0.0, positions[0]) if self.steps_along_x else positions[0], positions[-1]
        (low, high), _ = self.canvas.view.viewRange()
        width = min(high - low, last - first)
        low = min(max(low, first), last - width)
        self.canvas.view.setXRange(low, low + width, padding=0)
        whole = width >= WHOLE * (last - first)
        self.following, self._span = whole, None if whole else width
        self._follow_button.setVisible(not self.following)
        self._place_overlays()
        self.fit_y()

    @Slot()
    def _toggle_follow(self) -> None:
        if self.following:
            self.following = False
            (low, high), _ = self.canvas.view.viewRange()
            self._span = high - low
            self.invalidate()
        else:
            self.follow()

    def _place_x(self, low: float, high: float) -> None:
        if self.following:
            high = max(high, low + 1)
            left = low if self._span is None else max(low, high - self._span)
            self.canvas.view.setXRange(left, high, padding=0)

    # Crosshair

    def set_cursor(self, x: float | None, announce: bool = False) -> None:
        """Moves the crosshair to the nearest position; the values show where it was placed or has the focus."""
        positions = self.positions()
        if x is None or not len(positions):
            self.cursor = None
        else:
            self.cursor = nearest(positions, x)
        self.canvas.show_cursor(self.cursor)
        if self.cursor is None or not (announce or self.hasFocus() or self.underMouse()):
            self._readout.hide()
        else:
            self._show_readout(self.cursor)
        if announce:
            self.cursor_moved.emit(self.cursor)

    def _show_readout(self, x: float) -> None:
        readings = self.readings(x)
        left, top, width, height = self.canvas.view_rect_on_canvas()
        (low, high), _ = self.canvas.view.viewRange()
        at = left + (x - low) / max(high - low, 1e-12) * width
        self._readout.show_readings(self.x_name(x), readings, QRectF(left, top, width, height), at)
        self.setAccessibleDescription(self._readout.text())

    @Slot(float)
    def _hovered(self, x: float) -> None:
        self.set_cursor(x, announce=True)

    @Slot()
    def _left(self) -> None:
        if self.cursor is not None:
            self.set_cursor(None, announce=True)

    def _step_cursor(self, by: int) -> None:
        positions = self.positions()
        if not len(positions):
            return
        if self.cursor is None:
            index = len(positions) - 1
        else:
            index = index_of(positions, self.cursor) + by
        self.set_cursor(positions[min(max(index, 0), len(positions) - 1)], announce=True)

    # Parts

    def _build(self) -> None:
        self.setObjectName(f"plot-{self.key}")
        self.setAccessibleName(f"{self.title}: {self.quantities[0]}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(*MINIMUM)
        self.header = Header(self)
        bottom = StepAxis("bottom")
        self.canvas = Canvas(self.new_left_axis(), bottom, interface_font(SMALL), self)
        self._message = QLabel(self.empty, self)
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        self._message.setMargin(24)
        mark(self._message, role="dim")
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.canvas, 1)
        column.addWidget(self._message, 1)
        self.canvas.hide()
        self._readout = Readout(interface_font(SMALL), self.canvas)
        self._follow_button = QPushButton("Follow", self.canvas)
        self._follow_button.setIcon(icon("follow"))
        self._follow_button.setToolTip("Keep the newest steps in view (Space)")
        self._follow_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._follow_button.clicked.connect(self.follow)
        self._follow_button.hide()
        self.canvas.moved.connect(self._was_moved)
        self.canvas.hovered.connect(self._hovered)
        self.canvas.left.connect(self._left)
        self.canvas.resized.connect(self._place_overlays)
        self.canvas.double_clicked.connect(self.fill_requested)
        self.header.caption.set_text(self.title, *self.quantities)

    def _make_actions(self) -> None:
        self.fill_action = self._action("Fill the grid", "F", self.fill_requested.emit, "expand")
        self.legend_action = self._action("Legend", "L", self.open_legend, "legend")
        self.follow_action = self._action("Follow the newest steps", "Space", self._toggle_follow, "follow")
        self.whole_action = self._action("Show the whole run", "Home", self.show_whole_run, "run")
        self.png_action = self._action("Export PNG…", "", self._export_png, "export")
        self.svg_action = self._action("Export SVG…", "", self._export_svg, "export")
        self.csv_action = self._action("Export CSV…", "", self._export_csv, "export")
        self.copy_action = self._action("Copy picture", "Ctrl+C", self.copy_picture, "copy")
        for action in (self.follow_action, self.whole_action):
            action.setVisible(self.steps_along_x)
        more = self.header.add_button("more", "Export and more (Menu key)")
        more.clicked.connect(self._open_menu)
        fill = self.header.add_button("expand", "Fill the grid (F or double click)")
        fill.clicked.connect(self.fill_requested)

    def _action(self, text: str, shortcut: str, slot: object, picture: str) -> QAction:
        action = QAction(icon(picture), text, self)
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        if shortcut:
            action.setShortcut(shortcut)
        action.triggered.connect(slot)
        self.addAction(action)
        return action

    def menu(self) -> QMenu:
        """The context menu, with what the grid added to this plot's actions at its end."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        exports = {self.png_action, self.copy_action}
        for action in self.actions():
            if action in exports:
                menu.addSeparator()
            menu.addAction(action)
        return menu

    @Slot()
    def _open_menu(self) -> None:
        self.menu().popup(self.mapToGlobal(self.header.geometry().bottomRight() - self.rect().topLeft()))

    @Slot()
    def _place_overlays(self) -> None:
        left, top, width, height = self.canvas.view_rect_on_canvas()
        size = self._follow_button.sizeHint()
        self._follow_button.setGeometry(
            round(left + width - size.width() - 4), round(top + height - size.height() - 4), size.width(), size.height()
        )

    # Export

    def picture_size(self) -> tuple[int, int]:
        return self.width(), self.height()

    @Slot()
    def copy_picture(self) -> None:
        QGuiApplication.clipboard().setImage(export.image(self))

    @Slot()
    def _export_png(self) -> None:
        self._export("PNG picture (*.png)", ".png", export.write_png)

    @Slot()
    def _export_svg(self) -> None:
        self._export("SVG drawing (*.svg)", ".svg", export.write_svg)

    @Slot()
    def _export_csv(self) -> None:
        self._export("CSV table (*.csv)", ".csv", export.write_csv)

    def _export(self, kinds: str, suffix: str, write: export.Writer) -> None:
        suggested = f"{self.key}{suffix}"
        chosen, _ = QFileDialog.getSaveFileName(self, f"Export {self.title.lower()}", suggested, kinds)
        if not chosen:
            return
        path = Path(chosen)
        path = path if path.suffix else path.with_suffix(suffix)
        try:
            write(self, path)
        except OSError as error:
            reason = error.strerror or str(error)
            self.export_failed.emit(f"{path.name} could not be written: {reason}. Choose another place.")
        else:
            self.exported.emit(str(path))

    # Qt

    def restyle(self) -> None:
        self.tokens = tokens_of(QGuiApplication.palette())
        self.canvas.restyle(self.tokens)
        self.header.caption.tokens = self.tokens
        self._readout.tokens = self.tokens
        self.draw_style()
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and tokens_of(QGuiApplication.palette()) is not self.tokens:
            self.restyle()
            self.invalidate()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.header.show_shy(True)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.header.show_shy(self.hasFocus())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.header.show_shy(True)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.header.show_shy(self.underMouse())
        self.set_cursor(None, announce=self.cursor is not None)
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu().popup(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        many = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        match event.key():
            case Qt.Key.Key_Left:
                self._step_cursor(-many)
            case Qt.Key.Key_Right:
                self._step_cursor(many)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.fill_requested.emit()
            case _:
                super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.tokens.plot))
        if self.hasFocus():
            painter.setPen(QColor(self.tokens.accent))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


def index_of(positions: Sequence[float], x: float) -> int:
    """Index of the position nearest to ``x``; ``positions`` ascending and not empty."""
    low, high = 0, len(positions)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if positions[middle] < x else (low, middle)
    if low == len(positions):
        return low - 1
    return low - 1 if low and x - positions[low - 1] <= positions[low] - x else low


def nearest(positions: Sequence[float], x: float) -> float:
    return float(positions[index_of(positions, x)])
