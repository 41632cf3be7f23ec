"""Settings that calibration measures whatever it finds: the presets of the model, and what the person would run."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workbench.editing.recipe import Recipe
from workbench.editing.start import preset_of, starting_recipe
from workbench.models.loaded import LoadedModel
from workbench.models.presets import presets_for
from workbench.studies.calibration import Candidate

CHOICE = "Your settings"


def candidates_for(loaded: LoadedModel, choice: Recipe | None = None) -> tuple[Candidate, ...]:
    """``choice``: with its modules; left out where it is a preset's own."""
    presets = presets_for(loaded.model.config) or (preset_of(loaded),)
    found = [Candidate(preset.title, "preset", starting_recipe(preset)) for preset in presets]
    if choice is None:
        return tuple(found)
    same = [i for i, known in enumerate(found) if alike(known.recipe, choice)]
    if not same:
        return (*found, Candidate(CHOICE, "choice", choice))
    found[same[0]] = replace(found[same[0]], title=f"{found[same[0]].title}, {CHOICE.lower()}")
    return tuple(found)


def starting_choice(
    loaded: LoadedModel, name: str | None, given: Mapping[str, Any], preset: str | None = None
) -> Recipe:
    """What the person would run: a preset of the model, another recipe where one is named, and what was given."""
    return starting_recipe(preset_of(loaded, preset), name, given)


def alike(a: Recipe, b: Recipe) -> bool:
    """As far as a trial sees them."""
    return a.with_(name=b.name, evaluate_every=b.evaluate_every, seed=b.seed) == b
