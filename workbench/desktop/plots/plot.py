"""What every plot has: heading, canvas, follow and freeze, crosshair, menu, export, restyling."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, ClassVar

import numpy.typing as npt
from PySide6.QtCore import QEvent, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
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
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from workbench.desktop.plots.actions import PlotActions
from workbench.desktop.plots.axes import PlainAxis, StepAxis, ValueAxis
from workbench.desktop.plots.canvas import Canvas
from workbench.desktop.plots.follow_button import FollowButton
from workbench.desktop.plots.header import Header
from workbench.desktop.plots.positions import index_of, nearest, settled
from workbench.desktop.plots.readout import Reading, Readout
from workbench.desktop.plots.tile import LARGE, Tile
from workbench.desktop.series import RunSeries
from workbench.desktop.theme import DARK, Tokens, interface_font, mark, tokens_of

Array = npt.NDArray[Any]

SMALL = 11.0
MESSAGE_MARGIN = 24
WHOLE = 0.95  # a view that shows this share of the run shows the whole run


class XAxis(StrEnum):
    STEP = "step"
    FACTS = "facts"


class Plot(Tile):
    """Subclasses draw; they are told when. Reads ``RunSeries`` and holds no data of its own."""

    key: ClassVar[str]
    title: ClassVar[str]
    short: ClassVar[str] = ""  # the title where the plot is small; empty: the same
    quantities: ClassVar[tuple[str, ...]]  # the quantity, then the same said ever shorter
    empty: ClassVar[str]  # what will appear and when
    protocols: ClassVar[tuple[str, ...]] = ()  # how its scores are taken, for the tooltip
    steps_along_x: ClassVar[bool] = True
    x_quantity: ClassVar[str] = ""  # what x counts where it does not count steps
    has_legend: ClassVar[bool] = True
    margin: ClassVar[float] = 0.012  # of the view's width, free beside the first and the last point

    cursor_moved = Signal(object)  # float | None: x of the crosshair that the person placed here
    fill_requested = Signal()
    facts_wanted = Signal(int)  # the step whose facts the person asked for
    exported = Signal(str)  # the path
    export_failed = Signal(str)  # one sentence

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run: RunSeries | None = None
        self.overlays: Sequence[RunSeries] = ()
        self.x_axis = XAxis.STEP
        self.tokens: Tokens = DARK
        self.crosshair: float | None = None
        self.following = True
        self._span: float | None = None  # width of the view in x while following; None: the whole run
        self._shown: object = None
        self.pen_scale: float | None = None  # device pixels per logical one of a picture; None: of the screen
        self._build()
        self.commands = PlotActions(self)
        self.restyle()

    def set_runs(self, run: RunSeries | None, overlays: Sequence[RunSeries] = ()) -> None:
        """The run to show, and earlier ones behind it."""
        if run is not self.run:
            self.following, self._span = True, None
            self.set_cursor(None)
        self.run, self.overlays = run, tuple(overlays)
        self.invalidate()

    def set_x_axis(self, axis: XAxis) -> None:
        if axis != self.x_axis:
            self.x_axis = XAxis(axis)
            self._name_x_axis()
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

    @Slot()
    def invalidate(self) -> None:
        """Draws anew, as soon as somebody sees it."""
        self._shown = None
        self.refresh()

    def redraw(self) -> None:
        """Draws now, seen or not."""
        extent = self.measure()
        self._message.setText("Nothing yet" if self.small else self.words())
        self._message.setVisible(extent is None)
        self.canvas.setVisible(extent is not None)
        if extent is not None:
            self._place_x(*extent)
            self.fit_y()
        self.draw()
        if self.crosshair is not None:
            self.set_cursor(self.crosshair)
        self._follow_button.setVisible(not self.following and extent is not None and not self.small)
        self._place_overlays()
        self.canvas.settle()

    def set_small(self, small: bool) -> None:
        """Title and curves alone."""
        if small != self.small:
            super().set_small(small)
            self.canvas.set_small(small)
            self.header.set_small(small, self.short or self.title)
            self._message.setMargin(0 if small else MESSAGE_MARGIN)
            self.set_cursor(None)
            self.invalidate()

    def lay_out(self) -> None:
        """Readies a plot, on the screen or not, for a picture of it."""
        self.redraw()
        for widget in (self, self.header):
            layout = widget.layout()
            assert layout is not None
            layout.activate()
        self.redraw()

    @abstractmethod
    def measure(self) -> tuple[float, float] | None:
        """Takes the data from the runs; their extent in x, or None where there is nothing to show yet."""

    def words(self) -> str:
        """In place of the curves, where there is nothing to draw yet."""
        return self.empty

    @abstractmethod
    def draw(self) -> None:
        """Puts the data on the canvas, whose ranges are set by then."""

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
    def positions(self) -> Array:
        """Every x that the crosshair can stand on, ascending."""

    def new_left_axis(self) -> PlainAxis:
        return ValueAxis()

    def new_bottom_axis(self) -> StepAxis:
        return StepAxis("bottom")

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
        first, last = 0.0 if self.steps_along_x else float(positions[0]), float(positions[-1])
        low, width = self._x_view()
        width = min(width, last - first)
        low = min(max(low, first), last - width)
        self.canvas.view.setXRange(low, low + width, padding=self.margin)
        whole = width >= WHOLE * (last - first)
        self.following, self._span = whole, None if whole else width
        self._follow_button.setVisible(not self.following and not self.small)
        self._place_overlays()
        self.fit_y()
        self.draw()

    @Slot()
    def toggle_follow(self) -> None:
        if self.following:
            self.following = False
            self._span = self._x_view()[1]
            self.invalidate()
        else:
            self.follow()

    def _x_view(self) -> tuple[float, float]:
        """Left end and width of the view without its margins."""
        (low, high), _ = self.canvas.view.viewRange()
        width = (high - low) / (1 + 2 * self.margin)
        return low + width * self.margin, width

    def _place_x(self, low: float, high: float) -> None:
        if self.following:
            high = settled(max(high, low + 1), self._span or high - low, self.canvas.view.width())
            left = low if self._span is None else max(low, high - self._span)
            self.canvas.view.setXRange(left, high, padding=self.margin)

    # Crosshair

    def set_cursor(self, x: float | None, announce: bool = False) -> None:
        """Moves the crosshair to the nearest position; the values show where it was placed or has the focus."""
        positions = self.positions()
        if x is None or not len(positions):
            self.crosshair = None
        else:
            self.crosshair = nearest(positions, x)
        self.canvas.show_cursor(self.crosshair)
        read_here = announce or self.hasFocus() or self.underMouse()
        if self.crosshair is None or self.small or not read_here:
            self._readout.hide()
        else:
            self._show_readout(self.crosshair)
        if announce:
            self.cursor_moved.emit(self.crosshair)

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
        if self.crosshair is not None:
            self.set_cursor(None, announce=True)

    def _step_cursor(self, by: int) -> None:
        positions = self.positions()
        if not len(positions):
            return
        index = len(positions) - 1 if self.crosshair is None else index_of(positions, self.crosshair) + by
        self.set_cursor(positions[min(max(index, 0), len(positions) - 1)], announce=True)

    # Parts

    def _name_x_axis(self) -> None:
        self.canvas.bottom_axis.set_name(str(self.x_axis) if self.steps_along_x else self.x_quantity)

    def _build(self) -> None:
        self.setObjectName(f"plot-{self.key}")
        self.setAccessibleName(f"{self.title}: {self.quantities[0]}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(*LARGE)
        self.header = Header(self)
        self.header.caption.protocols = self.protocols
        self.header.caption.set_text(self.title, *self.quantities)
        self.canvas = Canvas(self.new_left_axis(), self.new_bottom_axis(), interface_font(SMALL), self)
        self._name_x_axis()
        self.canvas.hide()
        self._message = self._new_message()
        self._readout = Readout(interface_font(SMALL), self.canvas)
        self._follow_button = FollowButton(self.canvas)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.canvas, 1)
        column.addWidget(self._message, 1)
        self._connect()

    def _connect(self) -> None:
        self.canvas.moved.connect(self._was_moved)
        self.canvas.hovered.connect(self._hovered)
        self.canvas.left.connect(self._left)
        self.canvas.resized.connect(self.invalidate)
        self.canvas.double_clicked.connect(self.fill_requested)
        self._follow_button.clicked.connect(self.follow)

    def _new_message(self) -> QLabel:
        message = QLabel(self.words(), self, textFormat=Qt.TextFormat.PlainText)
        message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        message.setWordWrap(True)
        message.setMargin(MESSAGE_MARGIN)
        mark(message, role="dim")
        return message

    def _place_overlays(self) -> None:
        self._follow_button.stand_in(QRectF(*self.canvas.view_rect_on_canvas()))

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
        if (
            event.type() == QEvent.Type.PaletteChange
            and tokens_of(QGuiApplication.palette()) is not self.tokens
        ):
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
        self.set_cursor(None, announce=self.crosshair is not None)
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.commands.menu().popup(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        many = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        match event.key():
            case Qt.Key.Key_Left:
                self._step_cursor(-many)
            case Qt.Key.Key_Right:
                self._step_cursor(many)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if not self.small:
                self.fill_requested.emit()
            case _:
                super().keyPressEvent(event)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self.tokens.plot))
        if self.hasFocus():
            painter.setPen(QColor(self.tokens.accent))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
