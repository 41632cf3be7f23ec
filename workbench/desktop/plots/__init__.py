"""Live plots of a run: ``PlotGrid`` with ``set_runs(run, overlays)`` and ``refresh()`` at every tick."""

from workbench.desktop.plots.catalogue import PLOTS
from workbench.desktop.plots.grid import PlotGrid
from workbench.desktop.plots.plot import Plot, XAxis

__all__ = ["PLOTS", "Plot", "PlotGrid", "XAxis"]
