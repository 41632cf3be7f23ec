"""Settings that are known to work for a model, and a marked guess for every other."""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from transformers import PretrainedConfig

from workbench.errors import SettingError
from workbench.models.modules import EditableModule, as_pattern

_STARTER = "smollm2-135m"


@dataclass(frozen=True, slots=True)
class Preset:
    """``settings`` are fields of the recipe named ``recipe`` that differ from its own; ``others``: by recipe name."""

    name: str
    title: str
    recipe: str
    modules: str  # a pattern for modules.select
    settings: Mapping[str, float | int | str]
    note: str = ""
    guess: bool = False  # nobody has measured it for this model
    model: Mapping[str, str | int] = field(default_factory=dict, repr=False)  # config field → value
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    def settings_for(self, recipe: str) -> Mapping[str, Any]:
        """Of this recipe on this model, ``method`` those of its editor; empty where only the recipe's own are known."""
        return self.settings if recipe == self.recipe else self.others.get(recipe, {})

    def fits(self, config: PretrainedConfig) -> bool:
        return bool(self.model) and all(
            getattr(config, key, None) == value for key, value in self.model.items()
        )


@cache
def presets() -> tuple[Preset, ...]:
    """All presets, in the order of preference."""
    text = files("workbench.resources").joinpath("presets.toml").read_text("utf-8")
    entries: list[dict[str, Any]] = tomllib.loads(text)["preset"]
    return tuple(Preset(**entry) for entry in entries)


def preset_for(config: PretrainedConfig) -> Preset | None:
    """The preset to offer for a model, recognised by its shape."""
    return next(iter(presets_for(config)), None)


def preset_named(name: str) -> Preset:
    """Raises SettingError for an unknown name, with what exists."""
    for preset in presets():
        if preset.name == name:
            return preset
    names = [p.name for p in presets()]
    near = get_close_matches(name, names, 1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise SettingError("preset", f"There is no preset {name!r}: choose one of {', '.join(names)}.{hint}")


def presets_for(config: PretrainedConfig) -> tuple[Preset, ...]:
    """All presets of a model: benchmarks differ in their modules."""
    return tuple(p for p in presets() if p.fits(config))


def suggest(modules: Sequence[EditableModule]) -> Preset:
    """A guess for a model that no preset knows: the down-projections at 60 to 90 % depth, with the
    starter's recipe and its step size scaled by 1 / (d_k √d_v)."""
    starter = next(p for p in presets() if p.name == _STARTER)
    down = down_projections(modules)
    depth = 1 + max(m.layer for m in modules)
    deep = [m for m in down if 6 * depth <= 10 * m.layer < 9 * depth] or down[-1:]
    reference = int(starter.model["intermediate_size"]) * math.sqrt(int(starter.model["hidden_size"]))
    scale = reference / (deep[0].d_in * math.sqrt(deep[0].d_out))
    step_size = float(f"{float(starter.settings['step_size']) * scale:.1e}")
    return Preset(
        name="suggested",
        title="Suggested",
        recipe=starter.recipe,
        modules=as_pattern(deep),
        settings={**starter.settings, "step_size": step_size},
        note="A guess from the starter's settings, scaled to this model's shape: watch the first steps.",
        guess=True,
    )


def down_projections(modules: Sequence[EditableModule]) -> list[EditableModule]:
    """Of each layer the last map with the most inputs: from the inner width back to the hidden state."""
    by_layer: dict[int, list[EditableModule]] = {}
    for m in modules:
        by_layer.setdefault(m.layer, []).append(m)
    return [max(reversed(layer), key=lambda m: m.d_in) for _, layer in sorted(by_layer.items())]
