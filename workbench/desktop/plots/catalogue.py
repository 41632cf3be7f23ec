"""Every plot, in the order of the grid."""

from workbench.desktop.plots.edit_success import EditSuccessPlot
from workbench.desktop.plots.heat_map import HeatMapPlot
from workbench.desktop.plots.locality import LocalityPlot
from workbench.desktop.plots.loss import LossPlot
from workbench.desktop.plots.memory import MemoryPlot
from workbench.desktop.plots.orthogonality import OrthogonalityPlot
from workbench.desktop.plots.perplexity import PerplexityPlot
from workbench.desktop.plots.plot import Plot
from workbench.desktop.plots.retention import RetentionPlot
from workbench.desktop.plots.shift_norm import ShiftNormPlot
from workbench.desktop.plots.spectrum import SpectrumPlot
from workbench.desktop.plots.weight_drift import WeightDriftPlot

PLOTS: tuple[type[Plot], ...] = (
    ShiftNormPlot,
    OrthogonalityPlot,
    EditSuccessPlot,
    RetentionPlot,
    LocalityPlot,
    WeightDriftPlot,
    SpectrumPlot,
    PerplexityPlot,
    HeatMapPlot,
    LossPlot,
    MemoryPlot,
)
