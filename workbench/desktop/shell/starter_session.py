"""The facts that come with the workbench for a first session, where they are installed."""

from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

from workbench.desktop.facts import Batch, prepared
from workbench.facts import Fact, load

SUFFIXES = (".csv", ".json", ".jsonl")


def starter_facts() -> tuple[Batch, Batch]:
    """(facts, warm-up facts); empty where nothing is installed. For a worker."""
    folder = files("workbench.resources").joinpath("starter")
    if not folder.is_dir():
        return prepared(()), prepared(())
    found = [entry for entry in folder.iterdir() if entry.name.endswith(SUFFIXES)]
    warmup = [entry for entry in found if "warm" in entry.name]
    edits = [entry for entry in found if entry not in warmup]
    return _read(edits), _read(warmup)


def _read(entries: list[Traversable]) -> Batch:
    facts: list[Fact] = []
    for entry in sorted(entries, key=lambda e: e.name):
        with as_file(entry) as path:
            facts += load(path).facts
    return prepared(facts)
