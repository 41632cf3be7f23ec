"""Whether the model still reads ordinary text."""

import numpy as np

from workbench.desktop.plots.curve_plot import CurvePlot, Scale
from workbench.desktop.plots.lines import Line
from workbench.desktop.series import RunSeries
from workbench.evaluation.scores import PROTOCOLS

LEAST = 0.05  # of the perplexity, shown above and below it


class PerplexityPlot(CurvePlot):
    key = "perplexity"
    title = "Perplexity"
    quantities = ("per token of ordinary text, at each evaluation", "per token of ordinary text", "per token")
    empty = "Perplexity on ordinary text appears here at the first evaluation."
    protocols = tuple(PROTOCOLS[name] for name in ("perplexity",))
    scale = Scale.FIT

    def y_range(self, low: float, high: float) -> tuple[float, float]:
        """Never narrower than a twentieth up and down: a change of less is no change."""
        middle = (low + high) / 2
        return super().y_range(min(low, middle * (1 - LEAST)), max(high, middle * (1 + LEAST)))

    def lines(self, run: RunSeries) -> list[Line]:
        x, y = self.score_x(run), run.values("perplexity")
        if not np.isfinite(y).any():
            return []
        made = [Line("perplexity", "now", x, y, 0, 0, "perplexity", marks=True)]
        if run.scored_step.values[0] == 0 and np.isfinite(y[0]):
            made.append(
                Line("before", "before", x, np.full(len(x), y[0]), 1, 1, "perplexity before the first edit")
            )
        return made
