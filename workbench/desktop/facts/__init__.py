"""Facts in the window: ``FactsPanel`` and what it holds."""

from workbench.desktop.facts.panel import FactsPanel
from workbench.desktop.facts.store.batch import Batch, prepared
from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.facts.store.states import State

__all__ = ["Batch", "FactList", "FactsPanel", "State", "prepared"]
