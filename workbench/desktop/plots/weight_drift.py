"""How far each module's weight has moved from the unedited model."""

from workbench.desktop.plots.curve_plot import ModulePlot


class WeightDriftPlot(ModulePlot):
    key = "weight-drift"
    title = "Weight drift"
    quantities = ("‖W − W₀‖ ÷ ‖W₀‖ per module", "‖W − W₀‖ ÷ ‖W₀‖")
    empty = "How far the weights have moved appears here after the first editing step."
    field = "weight_drift"
