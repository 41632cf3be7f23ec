"""Which recipe and modules a run starts with: the preset of the model, then what the person chose."""

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.editing.kinds import EditorKind, kind_named
from workbench.editing.recipe import Recipe
from workbench.editing.recipes import recipe_named
from workbench.errors import SettingError
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule, as_pattern
from workbench.models.presets import Preset, down_projections, preset_for, preset_named, presets_for, suggest


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
    preset: Preset,
    name: str | None = None,
    given: Mapping[str, Any] | None = None,
    own: Mapping[str, str] | None = None,
    modules: Sequence[EditableModule] = (),
) -> Recipe:
    """The named recipe (default: the preset's) with the preset's modules and settings for it, then ``given``.

    ``own``: settings of the recipe's editor itself, as typed. ``modules``: all of the model, for an editor that
    has its own idea where to edit. Raises SettingError for an unknown recipe and for a setting out of range."""
    recipe = recipe_named(name or preset.recipe)
    measured = dict(preset.settings_for(recipe.name))
    kind = kind_named(recipe.editor)
    method = kind.changed(recipe.method, measured.pop("method", {}))
    method = kind.changed(method, kind.typed(own or {}))
    where = modules_at(kind, modules) or preset.modules
    return recipe.with_(**{"modules": where, **measured, **(given or {}), "method": method})


def modules_at(kind: EditorKind, modules: Sequence[EditableModule]) -> str:
    """The pattern of what the editor edits unless told; empty where the preset says it."""
    if kind.depth is None or not modules:
        return ""
    (low, high), layers = kind.depth, 1 + max(m.layer for m in modules)
    down = down_projections(modules)
    return as_pattern([m for m in down if low <= m.layer / layers < high] or down[:1])
