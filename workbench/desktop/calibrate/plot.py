"""Edit success against what it costs in perplexity, every setting a point."""

from collections.abc import Iterator, Sequence

import numpy as np
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from workbench.desktop.plots.dot_plot import DotPlot, Place, front
from workbench.desktop.plots.dots import Dot, Shape
from workbench.evaluation.scores import PROTOCOLS
from workbench.evaluation.titles import TITLES
from workbench.studies.calibration import Point

_ROOM = 1.25  # of the axis, beyond the points that matter
_LEAST = 5.0  # percent along x
_SHAPES = {"preset": Shape.DIAMOND, "choice": Shape.SQUARE}


class TradeOffPlot(DotPlot):
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
    x_quantity = "%"

    def __init__(self, parent: QWidget | None = None) -> None:
        self._points: Sequence[Point] = ()
        self._front: Sequence[int] = ()
        super().__init__(parent)

    def set_points(self, points: Sequence[Point], front: Sequence[int], selection: int | None) -> None:
        self._points, self._front, self.selection = points, front, selection
        self.changed()

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

    def name_of(self, index: int) -> str:
        return self._points[index].title

    def said_of(self, index: int) -> dict[str, str]:
        point = self._points[index]
        recipe = point.recipe
        return {
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

    def table(self) -> tuple[list[str], Iterator[Sequence[object]]]:
        names = ["point", "kind", "on front", "es", "locality_kept", "perplexity", "ratio", "modules"]
        settings = ["step_size", "ridge", "protection", "memory", "warmup_memory", "passes", "floor"]

        def rows() -> Iterator[Sequence[object]]:
            for i, p in enumerate(self._points):
                values = (getattr(p.recipe, name) for name in settings)
                scores = (p.success, p.kept, p.perplexity, p.ratio)
                yield (p.title, p.kind, i in self._front, *scores, p.recipe.modules, *values)

        return names + settings, rows()

    def dot(self, index: int) -> Dot:
        point, on_front = self._points[index], index in self._front
        x, y = self.place(index)
        colour = QColor(self.tokens.accent if on_front else self.tokens.dim)
        shape = _SHAPES.get(point.kind, Shape.ROUND)
        words = point.title if point.kind in _SHAPES else ""
        return Dot(x, y, point.kept, shape, colour, on_front, index == self.selection, words)

    def edge(self) -> list[Place]:
        """The front as it shows here: no point of it has more success for less perplexity."""
        return front([self.place(i) for i in self._front], -1, 1)
