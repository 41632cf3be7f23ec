"""The ticked runs over their steps, as they are or as their difference from the baseline."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtWidgets import QWidget

from workbench.desktop.plots.curve_plot import Array, CurvePlot, Scale
from workbench.desktop.plots.lines import Line
from workbench.desktop.plots.plot import XAxis
from workbench.desktop.series import RunSeries
from workbench.evaluation.titles import TITLES

STEP_TITLES = {
    "success": "ES right after the step",
    "success_first": "ES of the first step's facts",
    "loss": "Loss before the step",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    key: str
    name: str
    series: RunSeries
    slot: int


class CompareCurves(CurvePlot):
    """``show_runs``; scores are marked where they were taken."""

    key = "compare-curves"
    title = "Curves"
    quantities = ("of the ticked runs",)
    empty = "The curves of the ticked runs appear here, where they have this figure."
    scale = Scale.FIT

    def __init__(self, parent: QWidget | None = None) -> None:
        self._drawn: Sequence[Drawn] = ()
        self._base: Drawn | None = None
        self._field = "success"
        super().__init__(parent)
        self.set_runs(RunSeries(""))

    def show_runs(self, drawn: Sequence[Drawn], field: str, base: Drawn | None) -> None:
        """``base``: what is taken from each curve; None: nothing is."""
        self._drawn, self._field, self._base = drawn, field, base
        title = title_of(field)
        self.quantities = (f"{title}, difference from {base.name}" if base else title,)  # type: ignore[misc]
        self.scale = Scale.SIGNED if base else Scale.FIT  # type: ignore[misc]
        self.invalidate()

    def lines(self, run: RunSeries) -> list[Line]:
        del run
        return [self._line(one) for one in self._drawn if self._base is None or one.key != self._base.key]

    def _line(self, one: Drawn) -> Line:
        x, y = self._points(one)
        if self._base is not None:
            y = y - _at(*self._points(self._base), x)
        return Line(
            key=one.key,
            label=one.name,
            x=x,
            y=y,
            slot=one.slot,
            dash=one.slot,
            name=one.name,
            marks=self._field in TITLES,
        )

    def _points(self, one: Drawn) -> tuple[Array, Array]:
        scored = self._field in TITLES
        x = self.score_x(one.series) if scored else self.step_x(one.series)
        y = np.asarray(one.series.values(self._field), dtype=float)
        known = np.isfinite(y)
        return np.asarray(x)[known], y[known]

    def x_name(self, x: float) -> str:
        return f"step {round(x):,}" if self.x_axis == XAxis.STEP else f"{round(x):,} facts"


def fields_of(drawn: Sequence[Drawn]) -> list[str]:
    """What any of them has a curve of."""
    return [
        name
        for name in (*STEP_TITLES, *TITLES)
        if any(np.isfinite(one.series.values(name)).any() for one in drawn)
    ]


def title_of(field: str) -> str:
    return STEP_TITLES.get(field) or TITLES[field]


def _at(known_x: Array, known_y: Array, x: Array) -> Array:
    """Between two points of the baseline on the line that joins them; beyond its ends not at all."""
    if not len(known_x):
        return np.full(len(x), np.nan)
    return np.interp(x, known_x, known_y, left=np.nan, right=np.nan)
