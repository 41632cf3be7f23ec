"""How the tests of the plots look at them and turn the wheel."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QPushButton

from workbench.desktop.plots import Plot, PlotGrid
from workbench.desktop.plots.curve_plot import CurvePlot
from workbench.desktop.series import RunSeries

MakeRun = Callable[..., RunSeries]
FULL = "model.layers.{}.mlp.down_proj"


def curves(grid: PlotGrid, key: str) -> CurvePlot:
    plot = grid.plots[key]
    assert isinstance(plot, CurvePlot)
    return plot


def show(grid: PlotGrid, run: RunSeries, *overlays: RunSeries) -> None:
    grid.set_runs(run, overlays)
    QApplication.processEvents()


def wheel(plot: Plot) -> None:
    """Zooms in at the middle of the view."""
    viewport = plot.canvas.viewport()
    middle = viewport.rect().center()
    event = QWheelEvent(
        QPointF(middle),
        QPointF(viewport.mapToGlobal(middle)),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, event)


def x_range(plot: Plot) -> tuple[float, float]:
    low, high = plot.canvas.view.viewRange()[0]
    return float(low), float(high)


def y_range(plot: Plot) -> tuple[float, float]:
    low, high = plot.canvas.view.viewRange()[1]
    return float(low), float(high)


def follow_button(plot: Plot) -> QPushButton:
    return next(button for button in plot.findChildren(QPushButton) if button.text() == "Follow")
