"""A curve as a plot hands it over, and how it looks in a theme."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from workbench.desktop.theme import Tokens

Array = npt.NDArray[Any]

DASHES: tuple[tuple[float, ...], ...] = ((), (6, 3), (2, 2.5), (9, 3, 2, 3))
OVERLAY_WIDTH = 0.65  # of the width of the run in front
OVERLAY_DASH = (7.0, 3.0, 1.0, 3.0)
OVERLAY_ALPHA, BAND_ALPHA = 0.75, 0.16
CATEGORICAL = 6  # up to so many modules get colours of their own, more get a ramp by layer


@dataclass(frozen=True, slots=True)
class Line:
    """``slot``: index into the theme's curve colours, or 0.0 to 1.0 along its ramp."""

    key: str  # the same at every refresh; what the legend toggles
    label: str  # at the curve's end: short
    x: Array = field(repr=False)  # ascending
    y: Array = field(repr=False)  # as read out; NaN leaves a gap
    slot: int | float = 0
    dash: int = 0
    name: str = ""  # in full, for the legend and the CSV
    marks: bool = False  # few points far apart: mark each
    low: Array | None = field(default=None, repr=False)  # a band around the curve
    high: Array | None = field(default=None, repr=False)
    overlay: str = ""  # name of the earlier run that it belongs to

    @property
    def full_name(self) -> str:
        name = self.name or self.label
        return f"{name} ({self.overlay})" if self.overlay else name

    def at(self, x: float) -> float:
        """The value at the last point up to ``x``; NaN before the first."""
        index = int(np.searchsorted(self.x, x + 1e-9, side="right")) - 1
        return float(self.y[index]) if index >= 0 else float("nan")

    def last(self) -> float:
        """The newest finite value; NaN where there is none."""
        for index in range(len(self.y) - 1, max(-1, len(self.y) - 1000), -1):
            if np.isfinite(self.y[index]):
                return float(self.y[index])
        return float("nan")


@lru_cache(maxsize=512, typed=True)  # the first colour, 0, is not the start of the ramp, 0.0
def _rgb(slot: int | float, tokens: Tokens) -> int:
    if not isinstance(slot, float):
        return QColor(tokens.curves[slot % len(tokens.curves)]).rgb()
    low, high = tokens.ramp
    colour: QColor = pg.colormap.get("viridis").map(low + slot * (high - low), mode="qcolor")
    return colour.rgb()


def colour_of(line: Line, tokens: Tokens) -> QColor:
    colour = QColor.fromRgb(_rgb(line.slot, tokens))
    if line.overlay:
        colour.setAlphaF(OVERLAY_ALPHA)
    return colour


def pen_of(line: Line, tokens: Tokens, width: float, dashed: bool = True) -> QPen:
    """Cosmetic; an earlier run is dash-dotted and thinner. ``dashed``: as the line says, or else solid."""
    pen = QPen(colour_of(line, tokens), OVERLAY_WIDTH * width if line.overlay else width)
    pen.setCosmetic(True)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
    dash = OVERLAY_DASH if line.overlay else DASHES[line.dash % len(DASHES)]
    if dash and dashed:
        pen.setDashPattern(list(dash))
    return pen


def module_slots(count: int) -> list[int | float]:
    """Colours of ``count`` modules in the order of their layers."""
    if count <= CATEGORICAL:
        return list(range(count))
    return [i / (count - 1) for i in range(count)]
