"""Which recipe and modules a run starts with: the preset of the model, then what the person chose."""

from collections.abc import Mapping
from typing import Any

from workbench.editing.recipe import Recipe
from workbench.editing.recipes import recipe_named
from workbench.errors import SettingError
from workbench.models.loaded import LoadedModel
from workbench.models.presets import Preset, preset_for, preset_named, presets_for, suggest


def preset_of(loaded: LoadedModel, name: str | None = None) -> Preset:
    """The named one; else the published or measured one; else a guess that says it is one.

    Raises SettingError for a preset of another model."""
    if name is None:
        return preset_for(loaded.model.config) or suggest(loaded.modules)
    preset, own = preset_named(name), presets_for(loaded.model.config)
    if preset not in own:
        known = f"choose {' or '.join(p.name for p in own)}" if own else "none is known for this one"
        raise SettingError("preset", f"The preset {name} is for models of another shape: {known}.")
    return preset


def starting_recipe(
    preset: Preset, name: str | None = None, given: Mapping[str, Any] | None = None
) -> Recipe:
    """The named recipe (default: the preset's) with the preset's modules and settings for it, then ``given``.

    Raises SettingError for an unknown recipe and for a setting out of range."""
    recipe = recipe_named(name or preset.recipe)
    measured = preset.settings_for(recipe.name)
    return recipe.with_(**{"modules": preset.modules, **measured, **(given or {})})
