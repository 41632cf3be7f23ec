"""How the tests of the plots look at them and turn the wheel."""

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
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


def wheel(plot: Plot, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.ControlModifier, by: int = 240) -> None:
    """At the middle of the view; with Ctrl and up it zooms in."""
    viewport, window = plot.canvas.viewport(), plot.window()
    at = viewport.mapTo(window, viewport.rect().center())
    QTest.wheelEvent(window.windowHandle(), QPointF(at), QPoint(0, by), QPoint(), keys)
    QApplication.processEvents()


def x_range(plot: Plot) -> tuple[float, float]:
    low, high = plot.canvas.view.viewRange()[0]
    return float(low), float(high)


def y_range(plot: Plot) -> tuple[float, float]:
    low, high = plot.canvas.view.viewRange()[1]
    return float(low), float(high)


def follow_button(plot: Plot) -> QPushButton:
    return next(button for button in plot.findChildren(QPushButton) if button.text() == "Follow")
