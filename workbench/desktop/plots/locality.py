"""Whether edits carry over to rephrases and leave everything else alone."""

from workbench.desktop.plots.curve_plot import CurvePlot, Scale
from workbench.desktop.plots.lines import Line
from workbench.desktop.series import RunSeries
from workbench.evaluation.scores import PROTOCOLS

CURVES = (
    ("gs", "rephrases", "GS, rephrases of the edited facts", 0, 0),
    ("ls", "locality", "LS, locality prompts against their reference answers", 2, 1),
    ("locality_kept", "kept", "locality prompts whose next token is as before the first edit", 1, 2),
)


class LocalityPlot(CurvePlot):
    key = "locality"
    title = "Generalisation and locality"
    short = "Generalisation"
    quantities = ("GS, LS and share kept, at each evaluation", "GS, LS, kept", "")
    empty = "Scores on rephrases and locality prompts appear here at the first evaluation."
    protocols = tuple(PROTOCOLS[name] for name in ("gs", "ls", "locality_kept"))
    scale = Scale.SHARE

    def lines(self, run: RunSeries) -> list[Line]:
        x = self.score_x(run)
        return [
            Line(field, label, x, run.values(field), slot, dash, name, marks=True)
            for field, label, name, slot, dash in CURVES
        ]
