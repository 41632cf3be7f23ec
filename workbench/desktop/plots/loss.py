"""How surprised the model is by the facts it is about to learn."""

from workbench.desktop.plots.curve_plot import CurvePlot
from workbench.desktop.plots.lines import Line
from workbench.desktop.series import RunSeries


class LossPlot(CurvePlot):
    key = "loss"
    title = "Loss"
    quantities = ("of each step's facts before its shift, nats per token", "before the shift, nats", "nats")
    empty = "The loss of each step's facts appears here after the first editing step."

    def lines(self, run: RunSeries) -> list[Line]:
        return [Line("loss", "loss", self.step_x(run), run.values("loss"))]
