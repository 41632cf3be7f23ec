"""The facts that come with the starter model. What they ask for is invented: see ORIGIN.md beside them."""

from importlib.resources import as_file, files

from workbench.facts.fact import Fact
from workbench.facts.reading import load


def starter_facts() -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    """(edits, warm-up facts). Raises FactFormatError where a file was damaged."""
    return _read("edits.jsonl"), _read("warmup.jsonl")


def warmup_facts() -> tuple[Fact, ...]:
    """For any model. Raises as ``starter_facts``."""
    return _read("warmup.jsonl")


def _read(name: str) -> tuple[Fact, ...]:
    with as_file(files("workbench.resources").joinpath("starter", name)) as path:
        return load(path).facts
