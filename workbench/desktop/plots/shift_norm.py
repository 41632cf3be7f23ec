"""How large each step's weight shift is."""

from workbench.desktop.plots.curve_plot import ModulePlot


class ShiftNormPlot(ModulePlot):
    key = "shift-norm"
    title = "Shift norm"
    quantities = ("‖Δ‖ of each step, per module", "‖Δ‖ per module", "‖Δ‖")
    empty = "The size of each weight shift appears here after the first editing step."
    field = "shift_norm"
