"""A plot whose points are things to choose: by the pointer, or along x with the arrow keys."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPen
from PySide6.QtWidgets import QWidget

from workbench.desktop.plots.curve import Curve
from workbench.desktop.plots.dots import Dot, Dots
from workbench.desktop.plots.plot import SMALL, Plot
from workbench.desktop.plots.readout import Reading
from workbench.desktop.theme import interface_font

NEAR = 18.0  # logical pixels within which a point is meant

Place = tuple[float, float]


class DotPlot(Plot):
    steps_along_x = False
    has_legend = False
    margin = 0.04

    selected = Signal(int)  # index into the points

    def __init__(self, parent: QWidget | None = None) -> None:
        self.selection: int | None = None
        self._hot: int | None = None
        super().__init__(parent)
        self._line = Curve()
        self._dots = Dots(interface_font(SMALL))
        self.canvas.view.addItem(self._line, ignoreBounds=True)
        self.canvas.view.addItem(self._dots, ignoreBounds=True)
        self.canvas.scene().sigMouseMoved.connect(self._pointed)
        self.canvas.scene().sigMouseClicked.connect(self._clicked)

    @abstractmethod
    def shown(self) -> list[int]:
        """Points that have a place, by x."""

    @abstractmethod
    def place(self, index: int) -> Place: ...

    @abstractmethod
    def dot(self, index: int) -> Dot: ...

    @abstractmethod
    def edge(self) -> Sequence[Place]:
        """The line that is drawn through some of them, by x."""

    @abstractmethod
    def name_of(self, index: int) -> str: ...

    @abstractmethod
    def said_of(self, index: int) -> dict[str, str]:
        """What is read out where the pointer is on it."""

    def select(self, index: int) -> None:
        if index != self.selection:
            self.selection = index
            self.draw()
            self.selected.emit(index)

    def changed(self) -> None:
        """The points are others now."""
        self._hot = None
        self.invalidate()

    # What a plot does

    def draw(self) -> None:
        view, tokens = self.canvas.view.viewRect(), self.tokens
        pen = QPen(QColor(tokens.accent), 1.4 * (self.pen_scale or 1.0))
        pen.setCosmetic(True)
        self._line.set_style(pen, smooth=True, marked=False)
        xs, ys = ([place[k] for place in self.edge()] for k in (0, 1))
        self._line.set_data(np.array(xs), np.array(ys), view)
        dots = sorted((self.dot(i) for i in self.shown()), key=lambda dot: (dot.filled, dot.selected))
        self._dots.set_dots(dots, view, QColor(tokens.ink), QColor(tokens.plot))

    def positions(self) -> npt.NDArray[Any]:
        return np.array([self.place(i)[0] for i in self.shown()])

    def x_name(self, x: float) -> str:
        del x
        return "" if self._hot is None else self.name_of(self._hot)

    def readings(self, x: float) -> list[Reading]:
        del x
        said = {} if self._hot is None else self.said_of(self._hot)
        return [Reading(name, value, QPen(Qt.PenStyle.NoPen)) for name, value in said.items()]

    # Choosing

    @Slot(float)
    def _hovered(self, x: float) -> None:
        """The point under the pointer is found by both of its coordinates."""

    @Slot(object)
    def _pointed(self, position: QPointF) -> None:
        near = self.nearest(position)
        if near != self._hot:
            self._hot = near
            self.set_cursor(None if near is None else self.place(near)[0])
            self.canvas.show_cursor(None)

    @Slot(object)
    def _clicked(self, event: Any) -> None:
        near = self.nearest(event.scenePos())
        if near is not None and event.button() == Qt.MouseButton.LeftButton:
            self.select(near)

    def nearest(self, position: QPointF) -> int | None:
        """The point within reach of a place on the canvas."""
        distances = [
            ((place - position).manhattanLength(), i)
            for i in self.shown()
            for place in [self.canvas.view.mapViewToScene(QPointF(*self.place(i)))]
        ]
        distance, index = min(distances, default=(NEAR, None))
        return index if distance < NEAR else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        shown = self.shown()
        if by is None or not shown:
            super().keyPressEvent(event)
            return
        at = shown.index(self.selection) + by if self.selection in shown else 0
        self._hot = shown[min(max(at, 0), len(shown) - 1)]
        self.select(self._hot)
        self.set_cursor(self.place(self._hot)[0])
        self.canvas.show_cursor(None)


def front(places: Sequence[Place], better_x: int, better_y: int) -> list[Place]:
    """Those that no other beats in both, by x. ``better``: 1 where more is better, -1 where less is."""
    edge: list[Place] = []
    for x, y in sorted(places, key=lambda at: (-better_x * at[0], -better_y * at[1])):
        if not edge or better_y * y > better_y * edge[-1][1]:
            edge.append((x, y))
    return sorted(edge)
