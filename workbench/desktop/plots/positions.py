"""Where a crosshair may stand, and where an axis may end."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def settled(high: float, span: float, pixels: float) -> float:
    """``high`` rounded up by less than a pixel: an axis that moves at every step is laid out anew at every step."""
    finest = span / max(2 * pixels, 1)
    if finest <= 1:
        return high
    step = 2.0 ** math.floor(math.log2(finest))
    return math.ceil(high / step) * step


def index_of(positions: Array, x: float) -> int:
    """Index of the position nearest to ``x``; ``positions`` ascending and not empty."""
    after = min(int(np.searchsorted(positions, x)), len(positions) - 1)
    before = max(after - 1, 0)
    return before if x - positions[before] <= positions[after] - x else after


def nearest(positions: Array, x: float) -> float:
    return float(positions[index_of(positions, x)])
