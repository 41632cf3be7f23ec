"""What the warm-up will do, in words."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.editing.recipe import Recipe

if TYPE_CHECKING:
    from workbench.models.modules import EditableModule


@dataclass(frozen=True, slots=True)
class WarmupContext:
    """What the rest of the window knows."""

    facts: int = 0  # in the warm-up list
    rows_per_fact: float | None = None  # mean answer tokens of a warm-up fact; None without a model
    modules: "Sequence[EditableModule]" = ()  # to be edited


def warmup_in_words(recipe: Recipe, context: WarmupContext) -> tuple[str, str]:
    """(sentence, level): facts, rows expected against those that full whitening needs, and the weights."""
    if recipe.warmup_mode == "none" or recipe.warmup_facts == 0:
        return _without(recipe), "warning" if recipe.normalisation == "whitening" else ""
    if context.facts == 0:
        return "The warm-up list is empty: import facts into it, or choose no warm-up.", "warning"
    facts = min(recipe.warmup_facts, context.facts)
    said, level = f"{facts:,} fact{'s' * (facts != 1)}", ""
    if facts < recipe.warmup_facts:
        said += f" (all there are of {recipe.warmup_facts:,})"
    if context.rows_per_fact is not None and context.modules:
        rows, needed = _rows(recipe, facts * context.rows_per_fact, context.modules)
        said += f", {_rows_in_words(recipe, rows, needed)}"
        if recipe.normalisation == "whitening" and rows < needed:
            level = "warning"
    weights = "the weights change too" if recipe.warmup_mode == "edits" else "the weights do not change"
    return f"{said}; {weights}.", level


def _without(recipe: Recipe) -> str:
    if recipe.normalisation == "whitening":
        return "No warm-up: the first steps use diagonal normalisation until enough answer tokens were seen."
    return "No warm-up."


def _rows_in_words(recipe: Recipe, rows: int, needed: int) -> str:
    if recipe.normalisation != "whitening":
        return f"about {rows:,} rows"
    if rows < needed:
        return f"about {rows:,} rows: full whitening needs {needed:,}, until then steps use the diagonal"
    return f"about {rows:,} rows of the {needed:,} that full whitening needs"


def _rows(recipe: Recipe, tokens: float, modules: "Sequence[EditableModule]") -> tuple[int, int]:
    """(rows, rows needed) of the statistics object that is worst off: n > d_v + 1, and modules that share an
    object each add theirs."""
    shared: dict[object, list[int]] = defaultdict(list)
    for m in modules:
        shared[m.name if recipe.scope == "module" else (m.d_in, m.d_out)].append(m.d_out)
    worst = max(shared.values(), key=lambda widths: (widths[0] + 2) / len(widths))
    return _rounded(tokens * len(worst)), worst[0] + 2


def _rounded(rows: float) -> int:
    """To three digits: it is an estimate."""
    return int(float(f"{rows:.3g}"))
