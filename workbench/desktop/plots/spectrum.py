"""The spectrum that full whitening divides by, and what of it the floor cuts off."""

from collections.abc import Iterator, Sequence

import numpy as np
from PySide6.QtWidgets import QWidget

from workbench.desktop.plots.curve_plot import CurvePlot, Scale
from workbench.desktop.plots.export import number
from workbench.desktop.plots.lines import Line
from workbench.desktop.plots.module_chooser import ModuleChooser
from workbench.desktop.series import RunSeries, Spectrum


def ranks(spectrum: Spectrum) -> np.ndarray:
    """Rank of each picked eigenvalue among all d_v, from 1."""
    return np.round(np.linspace(1, max(spectrum.d_out, 1), len(spectrum.eigenvalues)))


class SpectrumPlot(CurvePlot):
    key = "spectrum"
    title = "Whitening spectrum"
    short = "Spectrum"
    quantities = ("eigenvalues ÷ mean", "")
    empty = "Eigenvalues of the gradient covariance appear here with the first step under full whitening."
    scale = Scale.LOG
    steps_along_x = False
    x_quantity = "rank"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chooser = ModuleChooser("", self)
        self.header.add_chooser(self.chooser)
        self.chooser.chosen.connect(self.invalidate)
        self.commands.add("Choose the module", "M", self.chooser.showMenu, "model")

    def spectrum(self, run: RunSeries | None) -> Spectrum | None:
        history = run.spectra.get(self.chooser.module) if run is not None else None
        return history.latest if history else None

    def lines(self, run: RunSeries) -> list[Line]:
        if run is self.run:
            self.chooser.set_modules([module for module in run.modules if module in run.spectra])
        latest = self.spectrum(run)
        if latest is None:
            return []
        x, mean = ranks(latest), latest.mean
        first = run.spectra[self.chooser.module].past[0]
        made = [Line("now", "now", x, latest.eigenvalues / mean, 0, 0, f"at step {latest.step:,}")]
        if first.step < latest.step and run is self.run:
            name = f"at step {first.step:,}"
            made.append(
                Line("first", f"step {first.step}", ranks(first), first.eigenvalues / first.mean, 7, 2, name)
            )
        if np.isfinite(latest.floor) and run is self.run:
            made.append(Line("floor", "floor", x, np.full(len(x), latest.floor / mean), 1, 1, "floor"))
        return made

    def said_quantities(self) -> tuple[str, ...]:
        latest = self.spectrum(self.run)
        if latest is None:
            return self.quantities
        share = f"{latest.floored_share:.0%} floored".replace("%", " %")
        size = f"n {latest.rows:,}, d_v {latest.d_out:,}"
        return (
            f"eigenvalues ÷ mean, log scale · {share} · {size}",
            f"÷ mean, log · {share} · {size}",
            f"log · {share} · {size}",
            f"{share} · {size}",
            share,
            "",
        )

    def x_name(self, x: float) -> str:
        return f"direction {round(x):,}"

    def y_range(self, low: float, high: float) -> tuple[float, float]:
        """A covariance of fewer rows than dimensions has eigenvalues of zero but for rounding: cut those off."""
        return super().y_range(max(low, high * 1e-9), high)

    def table(self) -> tuple[list[str], Iterator[Sequence[object]]]:
        lines = self.all_lines()
        longest = self.positions()
        rows = ([number(x), *(number(line.at(x)) for line in lines)] for x in longest)
        return ["direction", *(f"{line.full_name}, ÷ mean" for line in lines)], rows
