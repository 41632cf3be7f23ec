"""Edit success against what it costs in perplexity, every setting a point."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPen
from PySide6.QtWidgets import QWidget

from workbench.desktop.calibrate.dots import Dot, Dots, Shape
from workbench.desktop.plots.curve import Curve
from workbench.desktop.plots.plot import SMALL, Plot
from workbench.desktop.plots.readout import Reading
from workbench.desktop.theme import interface_font
from workbench.evaluation.scores import PROTOCOLS
from workbench.evaluation.titles import TITLES
from workbench.studies.calibration import Point

NEAR = 18.0  # logical pixels within which a point is meant
_ROOM = 1.25  # of the axis, beyond the points that matter
_LEAST = 5.0  # percent along x
_SHAPES = {"preset": Shape.DIAMOND, "choice": Shape.SQUARE}


class TradeOffPlot(Plot):
    """``set_points``; a click or the arrow keys select one. Points that were given up are not drawn."""

    key = "trade-off"
    title = "What success costs"
    quantities = (
        "edit success (ES) against perplexity, % above unedited; larger: more locality kept, filled: on the front",
        "ES against perplexity, % above unedited; larger: more kept",
        "ES against perplexity (%)",
    )
    empty = "Every setting that is measured appears here as a point."
    protocols = tuple(f"{TITLES[name]}: {PROTOCOLS[name]}" for name in ("es", "locality_kept", "perplexity"))
    steps_along_x = False
    x_quantity = "%"
    has_legend = False
    margin = 0.04

    selected = Signal(int)  # index into the points

    def __init__(self, parent: QWidget | None = None) -> None:
        self._points: Sequence[Point] = ()
        self._front: Sequence[int] = ()
        self.selection: int | None = None
        self._hot: int | None = None
        super().__init__(parent)
        self._line = Curve()
        self._dots = Dots(interface_font(SMALL))
        self.canvas.view.addItem(self._line, ignoreBounds=True)
        self.canvas.view.addItem(self._dots, ignoreBounds=True)
        self.canvas.scene().sigMouseMoved.connect(self._pointed)
        self.canvas.scene().sigMouseClicked.connect(self._clicked)

    def set_points(self, points: Sequence[Point], front: Sequence[int], selection: int | None) -> None:
        self._points, self._front, self.selection = points, front, selection
        self._hot = None
        self.invalidate()

    def select(self, index: int) -> None:
        if index != self.selection:
            self.selection = index
            self.draw()
            self.selected.emit(index)

    def place(self, index: int) -> tuple[float, float]:
        """Percent of perplexity above the unedited model's, ES."""
        point = self._points[index]
        return 100 * (point.ratio - 1), point.success

    def shown(self) -> list[int]:
        """Points that have a place, by x."""
        whole = [
            i for i, p in enumerate(self._points) if not p.gave_up and np.isfinite([p.ratio, p.success]).all()
        ]
        return sorted(whole, key=lambda i: self.place(i))

    # What a plot does

    def measure(self) -> tuple[float, float] | None:
        """Wide enough for the front, the presets and the person's settings; what lies beyond is a drag away."""
        shown = self.shown()
        if not shown:
            return None
        matter = [i for i in shown if i in self._front or self._points[i].kind in _SHAPES] or shown
        xs = [self.place(i)[0] for i in matter]
        return min(0.0, *xs, 0.0), max(_LEAST, _ROOM * max(xs))

    def fit_y(self) -> None:
        highest = max((self.place(i)[1] for i in self.shown()), default=1.0) or 1.0
        self.canvas.view.setYRange(-0.03 * highest, 1.12 * highest, padding=0)

    def draw(self) -> None:
        view = self.canvas.view.viewRect()
        tokens = self.tokens
        edge = self._envelope()
        pen = QPen(QColor(tokens.accent), 1.4 * (self.pen_scale or 1.0))
        pen.setCosmetic(True)
        self._line.set_style(pen, smooth=True, marked=False)
        xs, ys = ([place[k] for place in edge] for k in (0, 1))
        self._line.set_data(np.array(xs), np.array(ys), view)
        dots = [self._dot(i) for i in self.shown()]
        dots.sort(key=lambda dot: (dot.filled, dot.selected))
        self._dots.set_dots(dots, view, QColor(tokens.ink), QColor(tokens.plot))

    def positions(self) -> npt.NDArray[Any]:
        return np.array([self.place(i)[0] for i in self.shown()])

    def x_name(self, x: float) -> str:
        del x
        return "" if self._hot is None else self._points[self._hot].title

    def readings(self, x: float) -> list[Reading]:
        del x
        if self._hot is None:
            return []
        point, pen = self._points[self._hot], QPen(Qt.PenStyle.NoPen)
        recipe = point.recipe
        said = {
            "ES": f"{point.success:.3f}",
            "kept": f"{point.kept:.3f}",
            "perplexity": f"{point.perplexity:.1f} (× {point.ratio:.2f})",
            "step size γ": f"{recipe.step_size:g}",
            "ridge λ": f"{recipe.ridge:g}",
            "protection β": f"{recipe.protection:g}",
            "memory η": f"{recipe.memory:g}",
            "warm-up memory η₀": f"{recipe.warmup_memory:g}",
            "passes": f"{recipe.passes}",
            "floor": f"{recipe.floor:g}",
        }
        return [Reading(name, value, pen) for name, value in said.items()]

    def table(self) -> tuple[list[str], Iterator[Sequence[object]]]:
        names = ["point", "kind", "on front", "es", "locality_kept", "perplexity", "ratio", "modules"]
        settings = ["step_size", "ridge", "protection", "memory", "warmup_memory", "passes", "floor"]

        def rows() -> Iterator[Sequence[object]]:
            for i, p in enumerate(self._points):
                values = (getattr(p.recipe, name) for name in settings)
                scores = (p.success, p.kept, p.perplexity, p.ratio)
                yield (p.title, p.kind, i in self._front, *scores, p.recipe.modules, *values)

        return names + settings, rows()

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

    def _dot(self, index: int) -> Dot:
        point, on_front = self._points[index], index in self._front
        x, y = self.place(index)
        colour = QColor(self.tokens.accent if on_front else self.tokens.dim)
        shape = _SHAPES.get(point.kind, Shape.ROUND)
        words = point.title if point.kind in _SHAPES else ""
        return Dot(x, y, point.kept, shape, colour, on_front, index == self.selection, words)

    def _envelope(self) -> list[tuple[float, float]]:
        """The front as it shows here: no point of it has more success for less perplexity."""
        edge: list[tuple[float, float]] = []
        for x, y in sorted((self.place(i) for i in self._front), key=lambda place: (place[0], -place[1])):
            if not edge or y > edge[-1][1]:
                edge.append((x, y))
        return edge
