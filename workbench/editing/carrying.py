"""Which settings a state of the model can be used with further on, and which it was made with for good."""

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.editing.recipe import Recipe
from workbench.settings import described

_OF_STATISTICS = ("normalisation", "scope", "loss", "form", "positions", "warmup_memory")
_OF_PRECISION = ("ridge", "protection")
BEHIND_A_BRANCH = ("warmup_mode", "warmup_facts")  # settings of what is done already
_OF_PROTECTION = ("seed",)  # which ordinary text is sampled


@dataclass(frozen=True, slots=True)
class Made:
    """What a state was made with, and what there is of it."""

    recipe: Recipe
    modules: frozenset[str]  # full names
    rows: bool  # the statistics have seen answer tokens
    precision: bool  # ordinary text or earlier facts are kept


def why_not_carried(made: Made, recipe: Recipe, modules: Iterable[str]) -> str:
    """What of the settings differs from those that the state was made with, as in ``Ridge and Key protection
    changed``; empty where it carries over."""
    if not (made.rows or made.precision):
        return ""
    if set(modules) != made.modules:
        return "other modules are chosen"
    if (recipe.editor, recipe.method) != (made.recipe.editor, made.recipe.method):
        return "the editor or its settings changed"
    names = [*(_OF_STATISTICS if made.rows else ()), *(_OF_PRECISION if made.precision else ())]
    if made.precision and made.recipe.protection > 0:
        names += _OF_PROTECTION
    changed = [name for name in names if getattr(recipe, name) != getattr(made.recipe, name)]
    if made.precision and not recipe.keeps_precision and not changed:
        changed = ["memory"]  # the last that needed one
    labels = [described(Recipe)[name].label for name in changed]
    return f"{' and '.join(labels)} changed" if labels else ""
