"""The plots side by side: which are shown, one that fills it, one crosshair for all."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QColor,
    QGuiApplication,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from workbench.desktop.plots.catalogue import PLOTS
from workbench.desktop.plots.plot import MINIMUM, Plot, XAxis
from workbench.desktop.series import RunSeries
from workbench.desktop.theme import icon, mark, tokens_of

LINE = 1  # logical pixels between two plots
THREE_COLUMNS = 1_080  # width of the grid from which there are three
COMFORTABLE = 165  # height that a row gets before the grid scrolls


class _Page(QWidget):
    """What scrolls. Its ground shows between the plots as their dividing lines."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(tokens_of(QGuiApplication.palette()).line))


class PlotGrid(QScrollArea):
    """Call ``refresh`` at every tick; only plots on the screen draw."""

    layout_changed = Signal()  # shown plots, order of the axis or fill changed: worth remembering
    facts_wanted = Signal(int)  # the step whose facts the person asked for
    exported = Signal(str)  # path
    export_failed = Signal(str)  # one sentence

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("plot-grid")
        self.setAccessibleName("Plots")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self._page = _Page()
        self.setWidget(self._page)
        self.filled: Plot | None = None
        self.x_axis = XAxis.STEP
        self.plots: dict[str, Plot] = {plot_type.key: self._adopt(plot_type) for plot_type in PLOTS}
        self.plot_actions = [self._plot_action(plot) for plot in self.plots.values()]
        self.axis_actions = self._make_axis_actions()
        self._invitation = self._make_invitation()
        self.verticalScrollBar().valueChanged.connect(self.refresh)
        self._arrange()

    def set_runs(self, run: RunSeries | None, overlays: Sequence[RunSeries] = ()) -> None:
        """The run to show, and earlier ones drawn behind it."""
        for plot in self.plots.values():
            plot.set_runs(run, overlays)

    @Slot()
    def refresh(self) -> None:
        for plot in self.plots.values():
            plot.refresh()

    def set_x_axis(self, axis: str) -> None:
        """``step`` or ``facts``."""
        self.x_axis = XAxis(axis)
        for plot in self.plots.values():
            plot.set_x_axis(self.x_axis)
        for action in self.axis_actions:
            action.setChecked(action.data() == self.x_axis)
        self.layout_changed.emit()

    def chosen(self) -> list[str]:
        """Keys of the plots that are shown, in their order."""
        return [str(action.data()) for action in self.plot_actions if action.isChecked()]

    def set_chosen(self, keys: Sequence[str]) -> None:
        """Keys that are not known are passed over."""
        for action in self.plot_actions:
            action.setChecked(action.data() in keys)
        self._arrange()

    def fill(self, plot: Plot | None) -> None:
        """One plot takes the whole grid; None brings the others back."""
        self.filled = plot
        self._arrange()
        if plot is not None:
            plot.setFocus()
        self.layout_changed.emit()

    # Arrangement

    def _columns(self, width: int, shown: int) -> int:
        if self.filled is not None or shown == 1:
            return 1
        fitting = 3 if width >= THREE_COLUMNS else 2 if width >= 2 * MINIMUM[0] else 1
        return max(1, min(fitting, shown))

    def _arrange(self) -> None:
        chosen = [self.filled] if self.filled is not None else [self.plots[key] for key in self.chosen()]
        for plot in self.plots.values():
            plot.setVisible(plot in chosen)
            plot.commands.show_filled(plot is self.filled)
        self._invitation.setVisible(not chosen)
        room = self.viewport().size()
        columns = self._columns(room.width(), len(chosen))
        rows = max(1, math.ceil(len(chosen) / columns))
        at_once = max(1, min(rows, room.height() // COMFORTABLE))
        row_height = max(MINIMUM[1], (room.height() - (at_once - 1) * LINE) // at_once)
        height = rows * row_height + (rows - 1) * LINE
        self._page.resize(room.width(), max(height, room.height()) if at_once == rows else height)
        self._invitation.setGeometry(self._page.rect())
        for i, plot in enumerate(chosen):
            self._place(plot, i, columns, rows, row_height)
        self.refresh()

    def _place(self, plot: Plot, i: int, columns: int, rows: int, row_height: int) -> None:
        """The last column and row take what division leaves over; a last plot alone takes its row."""
        row, column = divmod(i, columns)
        width = (self._page.width() - (columns - 1) * LINE) // columns
        x, y = column * (width + LINE), row * (row_height + LINE)
        last_column = column == columns - 1 or plot is self._last_shown()
        right = self._page.width() if last_column else x + width
        bottom = self._page.height() if row == rows - 1 else y + row_height
        plot.setGeometry(x, y, right - x, bottom - y)

    def _last_shown(self) -> Plot | None:
        if self.filled is not None:
            return self.filled
        chosen = self.chosen()
        return self.plots[chosen[-1]] if chosen else None

    # Parts

    def _adopt(self, plot_type: type[Plot]) -> Plot:
        plot = plot_type(self._page)
        plot.fill_requested.connect(self._toggle_fill)
        plot.cursor_moved.connect(self._share_cursor)
        plot.facts_wanted.connect(self.facts_wanted)
        plot.exported.connect(self.exported)
        plot.export_failed.connect(self.export_failed)
        plot.installEventFilter(self)
        return plot

    def _plot_action(self, plot: Plot) -> QAction:
        action = QAction(plot.title, self)
        action.setData(plot.key)
        action.setCheckable(True)
        action.setChecked(True)
        action.triggered.connect(self._choice_changed)
        hide = QAction(icon("close"), "Hide this plot", plot)
        hide.triggered.connect(action.trigger)
        plot.addAction(hide)
        return action

    def _make_axis_actions(self) -> list[QAction]:
        group = QActionGroup(self)
        actions = []
        for axis, text in ((XAxis.STEP, "Plot by step"), (XAxis.FACTS, "Plot by facts")):
            action = QAction(text, group)
            action.setData(axis)
            action.setCheckable(True)
            action.setChecked(axis == self.x_axis)
            actions.append(action)
        group.triggered.connect(self._axis_chosen)
        return actions

    def _make_invitation(self) -> QWidget:
        widget = QWidget(self._page)
        widget.setAutoFillBackground(True)
        column = QVBoxLayout(widget)
        column.setSpacing(12)
        text = QLabel("No plot is shown.")
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        mark(text, role="dim")
        button = QPushButton("Show all plots")
        button.clicked.connect(self._show_all)
        column.addStretch(1)
        column.addWidget(text)
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(1)
        return widget

    @Slot()
    def _show_all(self) -> None:
        self.set_chosen(list(self.plots))
        self.layout_changed.emit()

    @Slot()
    def _choice_changed(self) -> None:
        if self.filled is not None and self.filled.key not in self.chosen():
            self.filled = None
        self._arrange()
        self.layout_changed.emit()

    @Slot(QAction)
    def _axis_chosen(self, action: QAction) -> None:
        self.set_x_axis(str(action.data()))

    @Slot()
    def _toggle_fill(self) -> None:
        plot = self.sender()
        if isinstance(plot, Plot):
            self.fill(None if self.filled is plot else plot)

    @Slot(object)
    def _share_cursor(self, x: float | None) -> None:
        """The same step in every plot that runs over steps."""
        source = self.sender()
        if isinstance(source, Plot) and source.steps_along_x:
            for plot in self.plots.values():
                if plot is not source and plot.steps_along_x and plot.isVisible():
                    plot.set_cursor(x)

    # Qt

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A plot that the keyboard reaches scrolls into view."""
        if event.type() == QEvent.Type.FocusIn and isinstance(watched, Plot):
            self.ensureWidgetVisible(watched, 0, 0)
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.filled is not None:
            plot = self.filled
            self.fill(None)
            plot.setFocus()
        else:
            super().keyPressEvent(event)
