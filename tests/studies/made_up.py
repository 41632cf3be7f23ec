"""Facts of a made-up country, and the modules of a tiny model that studies edit."""

from workbench.editing.recipe import Recipe
from workbench.facts.fact import Fact, Probe
from workbench.models.loaded import LoadedModel
from workbench.models.modules import as_pattern

TEXTS = ("The sea is wide and the night is long.", "Bread, salt and water were on the table.")


def facts(count: int, first: int = 0, probes: bool = True) -> tuple[Fact, ...]:
    return tuple(
        Fact(
            f"Town {i} lies in",
            f"land {i * 7 % 11}",
            rephrases=(f"Where is town {i}? In",),
            locality=(Probe(f"River {i} flows to", "the sea"),) if probes else (),
        )
        for i in range(first, first + count)
    )


def down_projections(loaded: LoadedModel, *layers: int) -> str:
    """A pattern for the last linear map of these layers."""
    return as_pattern([m for m in loaded.modules if m.layer == layer][-1] for layer in layers)


def recipe_of(loaded: LoadedModel, *layers: int, **changes: object) -> Recipe:
    modules = down_projections(loaded, *(layers or (1, 2)))
    plain = Recipe(batch=4, minibatch=3, step_size=3e-2, warmup_facts=16, modules=modules, budget=0.0)
    return plain.with_(**changes)
