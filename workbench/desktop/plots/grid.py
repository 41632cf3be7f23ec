"""Two plots large, the others small below, to swap in; one that fills the grid; one crosshair for all."""

from collections.abc import Sequence
from itertools import pairwise

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

from workbench.desktop.plots.arrangement import LARGE_AT_FIRST, arranged
from workbench.desktop.plots.catalogue import PLOTS
from workbench.desktop.plots.plot import Plot, XAxis
from workbench.desktop.series import RunSeries
from workbench.desktop.theme import icon, mark, tokens_of


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
        self._large = list(LARGE_AT_FIRST)
        self._next_out = len(self._large) - 1  # place in it of the one that the next swap takes away
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

    def large(self) -> list[str]:
        """Keys of the plots that are large now: those that the person chose, as far as they are shown."""
        chosen = self.chosen()
        wanted = [key for key in self._large if key in chosen]
        return [*wanted, *(key for key in chosen if key not in wanted)][: len(self._large)]

    def set_large(self, keys: Sequence[str]) -> None:
        """Keys that are not known are passed over."""
        known = list(dict.fromkeys(key for key in (*keys, *LARGE_AT_FIRST) if key in self.plots))
        self._large = known[: len(LARGE_AT_FIRST)]
        self._next_out = len(self._large) - 1
        self._arrange()

    # Arrangement

    def _arrange(self) -> None:
        chosen = [self.filled.key] if self.filled is not None else self.chosen()
        large = chosen if self.filled is not None else self.large()
        small = [key for key in chosen if key not in large]
        places = arranged(self.viewport().size(), len(large), len(small))
        self._page.resize(places.page)
        self._invitation.setVisible(not chosen)
        self._invitation.setGeometry(self._page.rect())
        for plot in self.plots.values():
            plot.setVisible(plot.key in chosen)
            plot.commands.show_filled(plot is self.filled)
        for key, place in zip([*large, *small], [*places.large, *places.small], strict=True):
            self.plots[key].set_small(key in small)
            self.plots[key].setGeometry(place)
        self._order(large, small)
        self.refresh()

    def _order(self, large: Sequence[str], small: Sequence[str]) -> None:
        """For Tab and for what a small one says it does."""
        order = [self.plots[key] for key in (*large, *small)]
        for one, other in pairwise(order):
            QWidget.setTabOrder(one, other)
        out = self.plots[self._going_out()].title if small else ""
        for plot in order:
            plot.setToolTip(
                f"Show it large, in place of “{out}” (click or Return)" if plot.key in small else ""
            )

    def _going_out(self) -> str:
        large = self.large()
        return large[min(self._next_out, len(large) - 1)]

    @Slot()
    def _swap_in(self) -> None:
        """In place of the one that has been large for longest."""
        plot = self.sender()
        if isinstance(plot, Plot):
            large, out = self.large(), self._going_out()
            self._large = [plot.key if key == out else key for key in large]
            self._next_out = (self._large.index(plot.key) + 1) % len(self._large)
            self._arrange()
            self.ensureWidgetVisible(plot, 0, 0)
            self.layout_changed.emit()

    # Parts

    def _adopt(self, plot_type: type[Plot]) -> Plot:
        plot = plot_type(self._page)
        plot.fill_requested.connect(self._toggle_fill)
        plot.swap_wanted.connect(self._swap_in)
        plot.cursor_moved.connect(self._share_cursor)
        plot.facts_wanted.connect(self.facts_wanted)
        plot.exported.connect(self.exported)
        plot.export_failed.connect(self.export_failed)
        plot.installEventFilter(self)
        return plot

    def _plot_action(self, plot: Plot) -> QAction:
        action = QAction(plot.title, self)
        action.setData(plot.key)
        action.setStatusTip("Show this plot, or hide it")
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
            action.setStatusTip("What the plots count along x")
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
