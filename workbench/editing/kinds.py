"""The editors that there are: who makes one, what it heeds of a recipe, and its own settings. Needs no torch."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from workbench.errors import SettingError
from workbench.settings import Setting, described

if TYPE_CHECKING:
    from workbench.editing.control import Control
    from workbench.editing.editor import Editor
    from workbench.editing.recipe import Recipe
    from workbench.editing.solving import Solver
    from workbench.models.loaded import LoadedModel
    from workbench.models.modules import EditableModule

_log = logging.getLogger(__name__)

ENTRY_POINTS = "stableedit_workbench.editors"  # where another package names an EditorKind
STABLEEDIT = "stableedit"
_OWN = {
    "memit": "workbench.editors.located.kinds:MEMIT",
    "alphaedit": "workbench.editors.located.kinds:ALPHAEDIT",
    "rome": "workbench.editors.located.kinds:ROME",
}


@dataclass(frozen=True, slots=True)
class EditorKind:
    """Classes are named as ``module:class``, so that whoever only reads a recipe brings no torch in."""

    name: str  # Recipe.editor
    title: str
    editor: str
    solver: str
    settings: type[Any] | None = None  # the class of Recipe.method
    heeds: frozenset[str] | None = None  # fields of Recipe; None: all
    depth: tuple[float, float] | None = (
        None  # share of the layers that it edits unless told; None: the preset's
    )
    summary: str = ""  # of its one recipe, where resources/recipes.toml has none for it
    defaults: Mapping[str, Any] = field(default_factory=dict)  # Recipe's fields in that one

    def make(self, loaded: "LoadedModel", modules: "Sequence[EditableModule]", recipe: "Recipe") -> "Editor":
        """Raises SettingError for modules that it cannot edit."""
        made: Editor = _class(self.editor)(loaded, modules, recipe)
        return made

    def solve_with(self, editor: "Editor", control: "Control", minibatch: int) -> "Solver":
        made: Solver = _class(self.solver)(editor, control, minibatch)
        return made

    def method(self, values: Any) -> object | None:
        """Its own settings, from a record or a file. Raises SettingError, and TypeError for an unknown field."""
        if self.settings is None:
            return None
        made: object = values if isinstance(values, self.settings) else self.settings(**(values or {}))
        return made

    def changed(self, method: object | None, values: Mapping[str, object]) -> object | None:
        """``method`` with other values. Raises SettingError for what is out of range."""
        return replace(method, **values) if method is not None and values else method  # type: ignore[type-var]

    def typed(self, given: Mapping[str, str]) -> dict[str, object]:
        """Field name → value, of settings as they are typed. Raises SettingError for what it does not have."""
        known = {} if self.settings is None else {f.name: f.default for f in fields(self.settings)}
        if unknown := given.keys() - known.keys():
            has = f"it has {', '.join(known)}" if known else "it has none of its own"
            raise SettingError(min(unknown), f"{self.title} has no setting {min(unknown)}: {has}.")
        return {name: _typed(name, text, known[name]) for name, text in given.items()}


_STABLEEDIT = EditorKind(
    STABLEEDIT, "StableEdit", "workbench.editing.editor:Editor", "workbench.editing.solving:Solver"
)


@cache
def kinds() -> dict[str, EditorKind]:
    """By name; those of other packages last."""
    own = {STABLEEDIT: _STABLEEDIT} | {name: resolve_name(place) for name, place in _OWN.items()}
    others = (_brought(point) for point in entry_points(group=ENTRY_POINTS))
    return own | {kind.name: kind for kind in others if kind is not None and kind.name not in own}


def _brought(point: EntryPoint) -> EditorKind | None:
    """None for a package that is broken: its recipes are missing, and all else goes on."""
    try:
        found = point.load()
    except Exception:  # whatever its modules raise
        _log.warning("The editor %s cannot be loaded", point.value, exc_info=True)
        return None
    return found if isinstance(found, EditorKind) else None


def kind_named(name: str) -> EditorKind:
    """Raises SettingError for one that is not installed."""
    found = kinds().get(name)
    if found is None:
        raise SettingError("editor", f"There is no editor {name!r}: install the package that brings it.")
    return found


def make_editor(loaded: "LoadedModel", modules: "Sequence[EditableModule]", recipe: "Recipe") -> "Editor":
    """Of the recipe's kind. Raises SettingError for modules that it cannot edit."""
    return kind_named(recipe.editor).make(loaded, modules, recipe)


def settings_of(recipe: "Recipe") -> list[tuple[str, Setting, Any]]:
    """(name, description, value) of what the recipe's editor heeds, and then of its own."""
    heeds = kind_named(recipe.editor).heeds
    shared = [name for name in described(type(recipe)) if heeds is None or name in heeds]
    found = [(name, described(type(recipe))[name], getattr(recipe, name)) for name in shared]
    own = {} if recipe.method is None else described(type(recipe.method))
    return found + [(name, about, getattr(recipe.method, name)) for name, about in own.items()]


def _class(place: str) -> Callable[..., Any]:
    found: Callable[..., Any] = resolve_name(place)
    return found


def _typed(name: str, text: str, like: object) -> object:
    try:
        if isinstance(like, bool):
            return {"true": True, "yes": True, "false": False, "no": False}[text.lower()]
        kind: Callable[[str], object] = type(like)
        return kind(text)
    except (KeyError, ValueError) as error:
        raise SettingError(name, f"{name} is {text!r}: give a value such as {like}.") from error
