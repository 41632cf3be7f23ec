"""The docks of the window and what is in each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.desktop.shell.dock import PanelDock
from workbench.desktop.shell.facts_dock import FactsDock

if TYPE_CHECKING:
    from workbench.desktop.main_window import MainWindow


def make_docks(window: MainWindow) -> dict[str, PanelDock]:
    """Facts on the left, model, method and run on the right, the rest below."""
    window.setDockNestingEnabled(True)
    right = PanelDock("model", "Model, method, run", window)
    right.add_panel("model", "Model", window.model)
    right.add_panel("method", "Method", window.method)
    right.add_panel("run", "Run", window.run_panel)
    bottom = PanelDock("probe", "Probe, ledger, answers, compare, log", window)
    bottom.add_panel("probe", "Probe", window.probe)
    bottom.add_panel("ledger", "Ledger", window.ledger)
    bottom.add_panel("answers", "Before and after", window.answers)
    bottom.add_panel("compare", "Compare", window.compare)
    bottom.add_panel("log", "Log", window.log_panel)
    docks = {"facts": FactsDock(window.facts, window), "model": right, "probe": bottom}
    window.navigation.show_keys(docks)
    return docks
