"""Whether edits take, and whether they last."""

import numpy as np

from workbench.desktop.plots.curve_plot import CurvePlot, Scale
from workbench.desktop.plots.lines import Line
from workbench.desktop.series import RunSeries
from workbench.evaluation.scores import PROTOCOLS

CURVES = (
    ("success", "this step", "the step's own facts, right after it", 0, 0),
    ("success_first", "first batch", "the first step's facts, now", 1, 1),
    ("success_random", "random earlier", "one random earlier step's facts, now", 3, 2),
    ("success_before", "before step", "the step's own facts, just before it", 7, 3),
)
SCORED = (
    ("generated", "says it", "the share of all edited facts that the model says by itself", 4, 0),
    ("generated_chat", "in the chat", "the share of all edited facts that the model says in the chat", 5, 1),
    ("es", "ES, all so far", "ES of all edited facts", 2, 0),
)


class EditSuccessPlot(CurvePlot):
    key = "edit-success"
    title = "What the model says"
    short = "Says it"
    quantities = (
        "share of facts it says by itself, at each scoring; ES of answer tokens, at each step",
        "share that it says; ES at each step",
        "says it, ES",
    )
    empty = "The share of edits that take appears here after the first editing step."
    protocols = tuple(PROTOCOLS[name] for name in ("generated", "generated_chat", "es"))
    scale = Scale.SHARE

    def lines(self, run: RunSeries) -> list[Line]:
        x = self.step_x(run)
        made = [
            Line(field, label, x, run.values(field), slot, dash, name)
            for field, label, name, slot, dash in CURVES
        ]
        if len(x) and len(run.scored_step):
            made += [
                Line(score, label, self.score_x(run), run.values(score), slot, dash, name, marks=True)
                for score, label, name, slot, dash in SCORED
                if np.isfinite(run.values(score)).any()
            ]
        return made
