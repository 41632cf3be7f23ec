"""Whether the model still reads ordinary text."""

import numpy as np

from workbench.desktop.plots.curve_plot import CurvePlot, Scale
from workbench.desktop.plots.lines import Line
from workbench.desktop.series import RunSeries
from workbench.evaluation.scores import PROTOCOLS


class PerplexityPlot(CurvePlot):
    key = "perplexity"
    title = "Perplexity"
    quantities = ("per token of ordinary text, at each evaluation", "per token of ordinary text", "per token")
    empty = "Perplexity on ordinary text appears here at the first evaluation."
    protocols = tuple(PROTOCOLS[name] for name in ("perplexity",))
    scale = Scale.FIT

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
