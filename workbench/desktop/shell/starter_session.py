"""The facts that come with the workbench, as a first session's two lists."""

from workbench.desktop.facts import Batch, prepared
from workbench.facts import starter


def starter_facts() -> tuple[Batch, Batch]:
    """(facts, warm-up facts). For a worker."""
    edits, warmup = starter.starter_facts()
    return prepared(edits), prepared(warmup)


def warmup_facts() -> Batch:
    """For a worker."""
    return prepared(starter.warmup_facts())
