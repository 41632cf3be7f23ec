"""Axes: whole steps with thousands set apart, plain values, decades, and layers."""

import math
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

STEP_SPACINGS = (1, 2, 5)
CHARACTER, TICK_GAP = 7, 30  # logical pixels: per character of a step, and free between two
ROW_GAP = 22  # between two ticks of a value axis
NAME_GAP = 14  # between two names of rows
OVERHANG = 50
NAME_OFFSET, NAME_WIDTH = 8, 42  # of the axis's name, left of its first tick


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

    def boundingRect(self) -> QRectF:
        """Wider than its cell: labels of the first and the last tick stand half outside."""
        cell: QRectF = super().boundingRect()
        return cell.adjusted(-OVERHANG, -OVERHANG, OVERHANG, OVERHANG)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        spacing = self.spacing(maxVal - minVal, max(2, int(size // self.gap(maxVal))))
        return [(spacing, ticks_between(minVal, maxVal, spacing))]

    def gap(self, high: float) -> float:  # noqa: ARG002
        """Pixels that a tick of an axis up to ``high`` needs."""
        return ROW_GAP

    def spacing(self, span: float, most: int) -> float:
        return nice_spacing(span, most)

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:  # noqa: ARG002
        return [format_value(value, spacing) for value in values]


class StepAxis(PlainAxis):
    """Counts: steps or facts, never a fraction. Its ``name`` stands in the corner, left of the first tick."""

    def __init__(self, orientation: str, name: str = "") -> None:
        super().__init__(orientation)
        self.name = name

    def set_name(self, name: str) -> None:
        self.name = name
        self.picture = None
        self.update()

    def gap(self, high: float) -> float:
        return TICK_GAP + CHARACTER * len(f"{max(high, 1):,.0f}")

    def spacing(self, span: float, most: int) -> float:
        return max(1.0, nice_spacing(span, most))

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:  # noqa: ARG002
        return [f"{round(value):,}" for value in values]

    def generateDrawSpecs(self, p: QPainter) -> tuple[object, list[object], object] | None:
        """Labels without tick marks: marks of no length would show as dots."""
        specs = super().generateDrawSpecs(p)
        if specs is None:
            return None
        line, _, texts = specs
        return line, [], [*texts, *self._name_beside(texts)]

    def _name_beside(
        self, texts: Sequence[tuple[QRectF, Qt.AlignmentFlag, str]]
    ) -> list[tuple[QRectF, Qt.AlignmentFlag, str]]:
        """Nothing where a label of a tick stands in its place."""
        if not texts or not self.name:
            return []
        first = min((rect for rect, _, _ in texts), key=lambda rect: rect.left())
        right = self.mapRectFromParent(self.geometry()).left() - NAME_OFFSET
        if first.left() < right:
            return []
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip
        return [(QRectF(right - NAME_WIDTH, first.top(), NAME_WIDTH, first.height()), flags, self.name)]


class FractionAxis(StepAxis):
    """Any values along x, where their labels have room."""

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        [(spacing, ticks)] = super().tickValues(minVal, maxVal, size)
        half = 0.5 * CHARACTER * len(format_value(maxVal, spacing)) * (maxVal - minVal) / max(size, 1)
        return [(spacing, [tick for tick in ticks if minVal + half <= tick <= maxVal - half])]

    def gap(self, high: float) -> float:
        return TICK_GAP + CHARACTER * len(format_value(high))

    def spacing(self, span: float, most: int) -> float:
        return nice_spacing(span, most)

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:  # noqa: ARG002
        return [format_value(value, spacing) for value in values]


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

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: ARG002
        every = max(1, math.ceil(len(self.names) * NAME_GAP / max(size, 1)))
        return [(1.0, [i + 0.5 for i in range(0, len(self.names), every)])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:  # noqa: ARG002
        return [self.names[int(value)] for value in values]


class CellAxis(PlainAxis):
    """Numbers of rows from 1, each from one less to itself; named at the middle of a row."""

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        every = max(1.0, nice_spacing(maxVal - minVal, max(2, int(size // NAME_GAP))))
        rows = ticks_between(max(minVal, 0) + 1, maxVal, every)
        return [(every, [row - 0.5 for row in rows])]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:  # noqa: ARG002
        return [f"{round(value + 0.5):,}" for value in values]

    def generateDrawSpecs(self, p: QPainter) -> tuple[object, list[object], object] | None:
        """Labels alone, as below."""
        specs = super().generateDrawSpecs(p)
        return None if specs is None else (specs[0], [], specs[2])
