"""Peak memory of the engine."""

import numpy as np

from workbench.desktop.plots.axes import format_value
from workbench.desktop.plots.curve_plot import CurvePlot
from workbench.desktop.plots.lines import Line
from workbench.desktop.series import RunSeries

UNITS = ((2**30, "GiB"), (2**20, "MiB"))


class MemoryPlot(CurvePlot):
    key = "memory"
    title = "Memory"
    quantities = ("peak of the process or the device",)
    empty = "The engine's peak memory appears here after the first editing step."

    _unit = UNITS[0]

    def lines(self, run: RunSeries) -> list[Line]:
        peak = run.values("memory_bytes")
        if run is self.run and len(peak):
            self._unit = next((unit for unit in UNITS if np.nanmax(peak) >= unit[0]), UNITS[-1])
        return [Line("memory", "peak", self.step_x(run), peak / self._unit[0], 2)]

    def said_quantities(self) -> tuple[str, ...]:
        return (f"{self._unit[1]}, peak of the process or the device", f"peak, {self._unit[1]}")

    def format(self, value: float) -> str:
        return f"{format_value(value)} {self._unit[1]}"
