"""The runs that are compared. Of one seed, all have the same facts in the same order and the same warm-up facts."""

from dataclasses import dataclass
from typing import Any

from workbench.editing.recipe import Recipe

REFERENCE = "reference"
DIAGONAL = "diagonal"
NONE = "none"
NO_WARMUP = "no-warm-up"
WARMUP_EDITS = "warm-up-edits"
MEMORY = "memory"
EARLY_STATISTICS = "early-statistics"
EARLY_LEFT_OUT = "early-left-out"

_MEMORY = 1.0  # η where the recipe has none


@dataclass(frozen=True, slots=True)
class Variant:
    name: str
    title: str
    differs: str  # from the reference, in words
    later_only: bool = False  # edits only the steps of the second half


VARIANTS: tuple[Variant, ...] = (
    Variant(
        REFERENCE,
        "Full whitening",
        "Full whitening, a warm-up that only fills the statistics, no edit memory; what the others are compared with.",
    ),
    Variant(DIAGONAL, "Diagonal", "Each dimension scaled on its own, at the same step size."),
    Variant(
        NONE,
        "No normalisation",
        "Raw keys and gradients; the step size is set so that the first shift has the reference's norm (root mean "
        "square over modules).",
    ),
    Variant(NO_WARMUP, "No warm-up", "Diagonal until the edits themselves have given whitening its rows."),
    Variant(WARMUP_EDITS, "Warm-up edits", "The warm-up facts change the weights too."),
    Variant(MEMORY, "Edit memory", "The keys of earlier steps are protected (η of the recipe, else 1)."),
    Variant(
        EARLY_STATISTICS,
        "Early steps: statistics only",
        "The facts of the first half of the steps go through the statistics and are not edited; the second half is.",
        later_only=True,
    ),
    Variant(
        EARLY_LEFT_OUT,
        "Early steps left out",
        "Only the second half of the steps is done, right after the warm-up.",
        later_only=True,
    ),
)
BY_NAME = {variant.name: variant for variant in VARIANTS}


def reference_recipe(recipe: Recipe, batch: int, steps: int) -> Recipe:
    """The paper's method with the recipe's modules, step size, ridge, protection and floor."""
    return recipe.with_(
        normalisation="whitening",
        warmup_mode="statistics",
        memory=0.0,
        warmup_memory=0.0,
        passes=1,
        ending="none",
        form="plain",
        key_cap=0.0,
        shift_cap=0.0,
        budget=0.0,
        batch=batch,
        evaluate_every=max(1, steps // 4),
        on_error="stop",
    )


def recipe_for(variant: str, reference: Recipe, asked: Recipe) -> Recipe:
    """``asked``: what the person would run, for its η. The ablation's step size is matched when it is run."""
    changes: dict[str, dict[str, Any]] = {
        DIAGONAL: {"normalisation": "diagonal"},
        NONE: {"normalisation": "none"},
        NO_WARMUP: {"warmup_mode": "none"},
        WARMUP_EDITS: {"warmup_mode": "edits"},
        MEMORY: {"memory": asked.memory or _MEMORY},
    }
    return reference.with_(**changes.get(variant, {}))
