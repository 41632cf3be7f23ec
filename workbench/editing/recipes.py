"""The named recipes, read from resources/recipes.toml."""

import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from workbench.editing.kinds import STABLEEDIT, EditorKind, kind_named, kinds
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
    """Every named recipe, in the order of the file; then one of each editor that another package brings."""
    data = tomllib.loads(files("workbench.resources").joinpath("recipes.toml").read_text("utf-8"))
    own = {name: _named(name, dict(entry)) for name, entry in data.items()}
    known = {named.recipe.editor for named in own.values()}
    return own | {kind.name: _of_kind(kind) for kind in kinds().values() if kind.name not in known}


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


def _of_kind(kind: EditorKind) -> NamedRecipe:
    entry = {"editor": kind.name, **kind.defaults}
    return NamedRecipe(
        kind.name, kind.title, kind.summary, "another package's editor", _recipe(kind.name, entry)
    )


def _recipe(name: str, entry: dict[str, object]) -> Recipe:
    method = kind_named(str(entry.get("editor", STABLEEDIT))).method(entry.pop("method", None))
    return Recipe(name=name, method=method, **entry)  # type: ignore[arg-type]
