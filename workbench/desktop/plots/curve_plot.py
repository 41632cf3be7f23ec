"""Plots of curves over steps: one item per curve for the plot's life, labels at the ends, a band where asked."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from workbench.desktop.plots.axes import ValueAxis, format_value, nice_spacing
from workbench.desktop.plots.band import Band
from workbench.desktop.plots.curve import Curve, in_view, reduced
from workbench.desktop.plots.export import number
from workbench.desktop.plots.labels import EndLabel, EndLabels
from workbench.desktop.plots.legend import Legend
from workbench.desktop.plots.lines import BAND_ALPHA, CATEGORICAL, Line, colour_of, module_slots, pen_of
from workbench.desktop.plots.modules import by_layer, short_names
from workbench.desktop.plots.plot import SMALL, Plot, XAxis
from workbench.desktop.plots.readout import Reading
from workbench.desktop.series import RunSeries
from workbench.desktop.theme import interface_font

Array = npt.NDArray[Any]

# Up to so many points in all curves together and in the longest one they are drawn smooth and 1.6 wide; more are
# drawn plain, for speed and because noise would run together.
FEW_POINTS, SHORT = 3_000, 600
SMOOTH = 1.6  # logical pixels; a pen of 1 device pixel is many times faster than any wider one
MARKED_POINTS = 60
LOG_FROM = 20.0  # largest ÷ smallest from which a fitted axis turns logarithmic


class Scale(Enum):
    ZERO = "from zero"
    SHARE = "0 to 1"
    SIGNED = "zero in view"
    FIT = "fitted, logarithmic where it spans decades"
    LOG = "logarithmic"


class CurvePlot(Plot):
    """Subclasses give ``lines`` of a run; overlays come from the same."""

    scale: ClassVar[Scale] = Scale.ZERO

    def __init__(self, parent: QWidget | None = None) -> None:
        self.hidden: frozenset[str] = frozenset()
        self._items: dict[str, Curve] = {}
        self._bands: dict[str, Band] = {}
        self._lines: list[Line] = []
        self.logarithmic = self._plain = False
        super().__init__(parent)
        self._backdrop = Band()
        self.canvas.view.addItem(self._backdrop, ignoreBounds=True)
        self._labels = EndLabels(self.canvas.view, interface_font(SMALL))
        self.canvas.add_beside(self._labels)

    @abstractmethod
    def lines(self, run: RunSeries) -> list[Line]:
        """The curves of a run, empty where it has none yet. Keys stay the same from call to call."""

    def all_lines(self) -> list[Line]:
        made = self.lines(self.run) if self.run is not None else []
        for i, overlay in enumerate(self.overlays):
            made += [
                replace(line, key=f"{i}/{line.key}", overlay=overlay.name, marks=False, low=None, high=None)
                for line in self.lines(overlay)
            ]
        return [line for line in made if len(line.x)]

    def visible_lines(self) -> list[Line]:
        return [line for line in self._lines if line.key not in self.hidden]

    def step_x(self, run: RunSeries) -> Array:
        return run.step.values if self.x_axis == XAxis.STEP else run.facts.values

    def score_x(self, run: RunSeries) -> Array:
        return run.scored_step.values if self.x_axis == XAxis.STEP else run.scored_facts.values

    def backdrop(self, run: RunSeries) -> tuple[Array, Array, Array] | None:  # noqa: ARG002
        """x, lowest and highest of a range to shade behind all curves."""
        return None

    def format(self, value: float) -> str:
        """As fine as a few hundredths of the axis."""
        low, high = self.canvas.view.viewRange()[1]
        return format_value(value) if self.logarithmic else format_value(value, nice_spacing(high - low, 500))

    # Drawing

    def measure(self) -> tuple[float, float] | None:
        self._lines = self.all_lines()
        shown = self.visible_lines()
        lengths = [len(line.x) for line in shown]
        self._plain = sum(lengths) > FEW_POINTS or max(lengths, default=0) > SHORT
        self._set_scale(shown)
        if not self._lines:
            return None
        first = 0.0 if self.steps_along_x else min(float(line.x[0]) for line in self._lines)
        return first, max(float(line.x[-1]) for line in self._lines)

    def draw(self) -> None:
        shown, plain = self.visible_lines(), self._plain
        self._draw_backdrop(plain)
        for line in shown:
            self._draw_line(line, plain)
        keys = {line.key for line in shown}
        for key, item in self._items.items():
            item.setVisible(key in keys)
        for key, band in self._bands.items():
            band.setVisible(key in keys)
        self._drop_unused()
        self.header.caption.set_text(self.title, *self.said_quantities())

    def _draw_line(self, line: Line, plain: bool) -> None:
        item = self._items.get(line.key)
        if item is None:
            item = self._items[line.key] = Curve()
            item.setZValue(-1 if line.overlay else 1)
            self.canvas.view.addItem(item, ignoreBounds=True)
        ramped = isinstance(line.slot, float)
        scale = self.pen_scale or (1.0 if plain else self.devicePixelRatioF())
        pen = pen_of(line, self.tokens, scale * (1.0 if plain else SMOOTH), dashed=not (plain and ramped))
        alone = (
            len(line.x) <= 2 and np.count_nonzero(np.isfinite(line.y)) == 1
        )  # a path of one point shows nothing
        marked = alone or (line.marks and len(line.x) <= MARKED_POINTS)
        item.set_style(pen, smooth=not plain, marked=marked)
        view = self.canvas.view.viewRect()
        part = in_view(line.x, view.left(), view.right())
        x, y = reduced(line.x[part], line.y[part], max(1, round(self.canvas.view.width())), averaged=ramped)
        item.set_data(x, self._displayed(y), view)
        item.setVisible(True)
        if line.low is not None and line.high is not None:
            self._draw_band(line, line.low, line.high)

    def _draw_backdrop(self, plain: bool) -> None:
        shaded = self.backdrop(self.run) if self.run is not None and plain else None
        self._backdrop.setVisible(shaded is not None)
        if shaded is not None:
            colour = QColor(self.tokens.dim)
            colour.setAlphaF(BAND_ALPHA)
            self._backdrop.set_data(*shaded, colour)

    def _draw_band(self, line: Line, low: Array, high: Array) -> None:
        band = self._bands.get(line.key)
        if band is None:
            band = self._bands[line.key] = Band()
            self.canvas.view.addItem(band, ignoreBounds=True)
        colour = QColor(colour_of(line, self.tokens))
        colour.setAlphaF(BAND_ALPHA)
        band.set_data(line.x, low, high, colour)
        band.setVisible(True)

    def _drop_unused(self) -> None:
        """Curves of a run that is gone leave the canvas."""
        known = {line.key for line in self._lines}
        for store in (self._items, self._bands):
            for key in [key for key in store if key not in known]:
                self.canvas.view.removeItem(store.pop(key))

    # Ranges

    def _displayed(self, y: Array) -> Array:
        if not self.logarithmic:
            return y
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(y > 0, np.log10(y), np.nan)

    def _set_scale(self, shown: Sequence[Line]) -> None:
        self.logarithmic = self.scale == Scale.LOG
        if self.scale == Scale.FIT:
            low, high = extremes(shown)
            self.logarithmic = low > 0 and high / low >= LOG_FROM
        axis = self.canvas.left_axis
        if isinstance(axis, ValueAxis) and axis.decades != self.logarithmic:
            axis.decades = self.logarithmic
            axis.picture = None

    def said_quantities(self) -> tuple[str, ...]:
        said = " · log scale" if self.logarithmic else ""
        return tuple(quantity + said for quantity in self.quantities)

    def fit_y(self) -> None:
        (left, right), _ = self.canvas.view.viewRange()
        shown = self.visible_lines()
        low, high = extremes(shown, left, right)
        if np.isfinite([low, high]).all():
            self.canvas.view.setYRange(*self.y_range(low, high), padding=0)
        self._show_labels(shown, right)

    def y_range(self, low: float, high: float) -> tuple[float, float]:
        match self.scale:
            case Scale.SHARE:
                return -0.015, 1.03
            case Scale.ZERO:
                high = high if high > 0 else 1.0
                return -0.015 * high, 1.06 * high
            case Scale.SIGNED:
                low, high = min(low, 0.0), max(high, 0.0)
        if self.logarithmic:
            low, high = np.log10(max(low, 1e-300)), np.log10(max(high, 1e-300))
        margin = 0.08 * (high - low) or 0.08 * abs(high) or 1.0
        return low - margin, high + margin

    def _show_labels(self, shown: Sequence[Line], right: float) -> None:
        labels = []
        for line in shown:
            value = line.last() if right >= line.x[-1] else line.at(right)
            y = float(self._displayed(np.array([value]))[0])
            if np.isfinite(y):
                colour = QColor(self.tokens.dim) if line.overlay else colour_of(line, self.tokens)
                labels.append(EndLabel(line.overlay or line.label, colour, y))
        self._labels.show_labels(merged(labels))

    # Reading

    def positions(self) -> Array:
        """Of the longest curve: the evaluated points lie among the steps."""
        return max((line.x for line in self._lines), key=len, default=np.empty(0))

    def readings(self, x: float) -> list[Reading]:
        read = []
        for line in self.visible_lines():
            value = line.at(x)
            if np.isfinite(value):
                label = f"{line.label} {line.overlay}" if line.overlay else line.label
                read.append(Reading(label, self.format(value), pen_of(line, self.tokens, 1.6)))
        return read

    def table(self) -> tuple[list[str], Iterator[Sequence[object]]]:
        axis, self.x_axis = self.x_axis, XAxis.STEP
        lines = self.all_lines()
        self.x_axis = axis
        facts = self._facts_by_step()
        steps = sorted({float(x) for line in lines for x in line.x})
        values = [dict(zip(line.x.tolist(), line.y.tolist(), strict=True)) for line in lines]
        nan = float("nan")

        def rows() -> Iterator[Sequence[object]]:
            for step in steps:
                read = (number(column.get(step, nan)) for column in values)
                yield (number(step), number(facts.get(step, nan)), *read)

        return ["step", "facts", *(line.full_name for line in lines)], rows()

    def _facts_by_step(self) -> dict[float, float]:
        if self.run is None:
            return {}
        facts = dict(
            zip(self.run.scored_step.values.tolist(), self.run.scored_facts.values.tolist(), strict=True)
        )
        return facts | dict(zip(self.run.step.values.tolist(), self.run.facts.values.tolist(), strict=True))

    # Legend

    @Slot()
    def open_legend(self) -> None:
        entries = [(line.key, line.full_name, pen_of(line, self.tokens, 1.6)) for line in self._lines]
        if entries:
            legend = Legend(entries, self.hidden, self)
            legend.hidden_changed.connect(self.set_hidden)
            legend.open_below(self.header)

    @Slot(object)
    def set_hidden(self, keys: frozenset[str]) -> None:
        """Keys of the curves that are not drawn."""
        self.hidden = keys
        self.invalidate()


class ModulePlot(CurvePlot):
    """One curve per module of one field of the steps."""

    field: ClassVar[str]

    def lines(self, run: RunSeries) -> list[Line]:
        names, order = short_names(run.modules), by_layer(run.modules)
        slots, values, x = module_slots(len(order)), run.values(self.field), self.step_x(run)
        return [
            Line(m, names[m], x, values[i], slot=slots[rank], dash=rank, name=m)
            for rank, (i, m) in enumerate((i, run.modules[i]) for i in order)
        ]

    def backdrop(self, run: RunSeries) -> tuple[Array, Array, Array] | None:
        """Averaged curves hide a single large shift: the range over modules and steps does not."""
        if len(run.modules) <= CATEGORICAL or not len(run):
            return None
        values = run.values(self.field)
        return self.step_x(run), values.min(axis=0), values.max(axis=0)

    def said_quantities(self) -> tuple[str, ...]:
        if not self._backdrop.isVisible():
            return super().said_quantities()
        return tuple(f"{q} · averaged, range shaded" for q in self.quantities) + self.quantities


def extremes(lines: Sequence[Line], left: float = -np.inf, right: float = np.inf) -> tuple[float, float]:
    """Smallest and largest finite value of the curves and their bands between two x; NaN without any."""
    low, high = np.inf, -np.inf
    for line in lines:
        first, last = np.searchsorted(line.x, left) - 1, np.searchsorted(line.x, right, side="right") + 1
        for y in (line.y, line.low, line.high):
            if y is not None and len(part := y[max(0, first) : last]):
                low, high = min(low, np.fmin.reduce(part)), max(high, np.fmax.reduce(part))
    return (float(low), float(high)) if low <= high else (np.nan, np.nan)


def merged(labels: Sequence[EndLabel]) -> list[EndLabel]:
    """An earlier run has one label: at the middle of its curves."""
    by_text: dict[str, list[EndLabel]] = {}
    for label in labels:
        by_text.setdefault(label.text, []).append(label)
    return [sorted(same, key=lambda label: label.y)[len(same) // 2] for same in by_text.values()]
