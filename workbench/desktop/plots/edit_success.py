"""Whether edits take, and whether they last."""

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


class EditSuccessPlot(CurvePlot):
    key = "edit-success"
    title = "Edit success"
    quantities = (
        "ES, share of answer tokens that are the model's first choice",
        "ES, share of answer tokens",
        "ES",
    )
    empty = "The share of edits that take appears here after the first editing step."
    protocols = tuple(PROTOCOLS[name] for name in ("es",))
    scale = Scale.SHARE

    def lines(self, run: RunSeries) -> list[Line]:
        x = self.step_x(run)
        made = [
            Line(field, label, x, run.values(field), slot, dash, name)
            for field, label, name, slot, dash in CURVES
        ]
        if len(x) and len(run.scored_step):
            all_so_far = run.values("es")
            made.append(
                Line("es", "all so far", self.score_x(run), all_so_far, 2, 0, "all edits so far", marks=True)
            )
        return made
