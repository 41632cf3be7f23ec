"""The named recipes, read from resources/recipes.toml."""

import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from workbench.editing.kinds import STABLEEDIT, kind_named
from workbench.editing.recipe import Recipe
from workbench.errors import SettingError


@dataclass(frozen=True, slots=True)
class NamedRecipe:
    """A recipe with what a person reads about it."""

    name: str
    title: str
    summary: str
    origin: str
    recipe: Recipe


@cache
def named_recipes() -> dict[str, NamedRecipe]:
    """Every named recipe, in the order of the file."""
    data = tomllib.loads(files("workbench.resources").joinpath("recipes.toml").read_text("utf-8"))
    return {name: _named(name, dict(entry)) for name, entry in data.items()}


def recipe_named(name: str) -> Recipe:
    """Raises SettingError for an unknown name, with what exists."""
    recipes = named_recipes()
    if name not in recipes:
        near = get_close_matches(name, recipes, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise SettingError("name", f"There is no recipe {name!r}: choose one of {', '.join(recipes)}.{hint}")
    return recipes[name].recipe


def _named(name: str, entry: dict[str, object]) -> NamedRecipe:
    title, summary, origin = (str(entry.pop(key)) for key in ("title", "summary", "origin"))
    return NamedRecipe(name, title, summary, origin, _recipe(name, entry))


def _recipe(name: str, entry: dict[str, object]) -> Recipe:
    method = kind_named(str(entry.get("editor", STABLEEDIT))).method(entry.pop("method", None))
    return Recipe(name=name, method=method, **entry)  # type: ignore[arg-type]
