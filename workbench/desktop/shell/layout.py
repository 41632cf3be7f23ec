"""Where everything is in the window: remembered, and put back."""

from PySide6.QtCore import QByteArray, QSettings, QSize, Qt
from PySide6.QtWidgets import QMainWindow

from workbench.desktop.plots import PLOTS, PlotGrid
from workbench.desktop.shell.dock import PanelDock
from workbench.desktop.shell.settings import texts_of

VERSION = 1  # of the docks' names; another one starts with the usual layout
GEOMETRY, STATE, SHOWN, AXIS = "window/geometry", "window/state", "plots/shown", "plots/axis"
LARGE = "plots/large"
SIZE = (1_440, 900)
FRAME = QSize(2, 32)  # at least, around the window
NARROWEST = {"facts": 280, "model": 292}
LEFT, RIGHT, BOTTOM = 348, 320, 236  # logical pixels that the docks take at first
Area = Qt.DockWidgetArea


class Layout:
    def __init__(self, window: QMainWindow, docks: dict[str, PanelDock], plots: PlotGrid) -> None:
        """``docks``: facts, model and probe."""
        for name, width in NARROWEST.items():
            docks[name].setMinimumWidth(width)
        self._window, self._docks, self._plots = window, docks, plots
        window.setCorner(Qt.Corner.BottomLeftCorner, Area.BottomDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, Area.RightDockWidgetArea)

    def restore(self, settings: QSettings) -> None:
        self.reset()
        geometry, state = settings.value(GEOMETRY), settings.value(STATE)
        if isinstance(geometry, QByteArray):
            self._window.restoreGeometry(geometry)
        if isinstance(state, QByteArray) and not self._window.restoreState(state, VERSION):
            self.arrange()
        if settings.contains(SHOWN):
            self._plots.set_chosen(texts_of(settings, SHOWN))
        if settings.contains(LARGE):
            self._plots.set_large(texts_of(settings, LARGE))
        axis = settings.value(AXIS)
        if axis in ("step", "facts"):
            self._plots.set_x_axis(str(axis))

    def restore_docks(self, settings: QSettings) -> None:
        """As they were when they were last seen."""
        state = settings.value(STATE)
        if not isinstance(state, QByteArray) or not self._window.restoreState(state, VERSION):
            self.arrange()

    def save(self, settings: QSettings) -> None:
        settings.setValue(GEOMETRY, self._window.saveGeometry())
        settings.setValue(STATE, self._window.saveState(VERSION))
        settings.setValue(SHOWN, self._plots.chosen())
        settings.setValue(LARGE, self._plots.large())
        settings.setValue(AXIS, str(self._plots.x_axis))

    def reset(self) -> None:
        room = self._window.screen().availableSize() - FRAME
        self._window.resize(QSize(*SIZE).boundedTo(room))
        self.arrange()
        self._plots.set_chosen([plot.key for plot in PLOTS])
        self._plots.set_large(())
        self._plots.fill(None)

    def arrange(self) -> None:
        places = (("facts", Area.LeftDockWidgetArea), ("model", Area.RightDockWidgetArea),
                  ("probe", Area.BottomDockWidgetArea))  # fmt: skip
        for name, area in places:
            dock = self._docks[name]
            dock.setFloating(False)
            self._window.addDockWidget(area, dock)
            dock.show()
        sides = [self._docks["facts"], self._docks["model"]]
        self._window.resizeDocks(sides, [LEFT, RIGHT], Qt.Orientation.Horizontal)
        self._window.resizeDocks([self._docks["probe"]], [BOTTOM], Qt.Orientation.Vertical)
