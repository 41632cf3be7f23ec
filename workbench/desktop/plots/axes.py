"""Axes: whole steps with thousands set apart, plain values, decades, and layers."""

import math
from collections.abc import Sequence

import pyqtgraph as pg

STEP_SPACINGS = (1, 2, 5)
TICK_GAP = 64  # logical pixels at least between two ticks of the step axis
ROW_GAP = 26  # and of a value axis


def nice_spacing(span: float, most: int) -> float:
    """The smallest 1, 2 or 5 times a power of ten that cuts ``span`` into at most ``most`` parts."""
    raw = span / max(most, 1)
    if not raw > 0 or not math.isfinite(raw):
        return 1.0
    decade = 10.0 ** math.floor(math.log10(raw))
    return next((m * decade for m in STEP_SPACINGS if m * decade >= raw * (1 - 1e-9)), 10 * decade)


def ticks_between(low: float, high: float, spacing: float) -> list[float]:
    first, last = math.ceil(low / spacing - 1e-9), math.floor(high / spacing + 1e-9)
    return [i * spacing for i in range(first, last + 1)]


def format_value(value: float, spacing: float = 0.0) -> str:
    """As many decimals as the spacing needs; scientific notation only far from 1."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    if abs(value) >= 1e6 or abs(value) < 1e-4:
        return f"{value:.3g}"
    if spacing:
        decimals = max(0, -math.floor(math.log10(spacing) + 1e-9))
        return f"{value:,.{decimals}f}"
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


class PlainAxis(pg.AxisItem):  # type: ignore[misc]
    """Evenly spaced ticks; the base of the others."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation, showValues=True, maxTickLength=0)
        self.setStyle(tickTextOffset=6, autoExpandTextSpace=False, hideOverlappingLabels=False)
        self.enableAutoSIPrefix(False)
        self.gap = TICK_GAP if orientation == "bottom" else ROW_GAP

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        spacing = self.spacing(maxVal - minVal, max(2, int(size // self.gap)))
        return [(spacing, ticks_between(minVal, maxVal, spacing))]

    def spacing(self, span: float, most: int) -> float:
        return nice_spacing(span, most)

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:  # noqa: ARG002
        return [format_value(value, spacing) for value in values]


class StepAxis(PlainAxis):
    """Counts: steps or facts, never a fraction."""

    def spacing(self, span: float, most: int) -> float:
        return max(1.0, nice_spacing(span, most))

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:  # noqa: ARG002
        return [f"{round(value):,}" for value in values]


class ValueAxis(PlainAxis):
    """Plain values, or decades where ``decades`` is set and the values are plotted as log10."""

    SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

    def __init__(self) -> None:
        super().__init__("left")
        self.decades = False

    def spacing(self, span: float, most: int) -> float:
        spacing = nice_spacing(span, most)
        return max(1.0, float(math.ceil(spacing))) if self.decades else spacing

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        if not self.decades:
            return super().tickStrings(values, scale, spacing)
        return [self.power(round(value)) for value in values]

    @classmethod
    def power(cls, exponent: int) -> str:
        if -3 <= exponent <= 4:
            return f"{10.0**exponent:,.{max(0, -exponent)}f}"
        return "10" + str(exponent).translate(cls.SUPERSCRIPTS)


class RowAxis(PlainAxis):
    """Names of rows, drawn at the middle of each; thinned where they would touch."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.names: Sequence[str] = ()
        self.gap = 14

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: ARG002
        every = max(1, math.ceil(len(self.names) * self.gap / max(size, 1)))
        return [(1.0, [i + 0.5 for i in range(0, len(self.names), every)])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:  # noqa: ARG002
        return [self.names[int(value)] for value in values]
