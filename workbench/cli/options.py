"""Arguments made from the described settings, so that the command line and the dialogs say the same."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from shlex import quote
from typing import Any

from workbench.editing.recipe import Recipe
from workbench.errors import InputError
from workbench.settings import Setting, described

# Settings whose option has another name than the field; all others are spelt with hyphens.
_SPELLING = {"name": "recipe", "warmup_mode": "warmup-mode", "warmup_facts": "warmup-limit"}


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """One option per setting of Recipe; what is not given stays with the recipe and the preset."""
    group = parser.add_argument_group("settings of the method (default: the preset of the model)")
    group.add_argument("--recipe", metavar="NAME", help="a named recipe; see workbench models")
    for name in described(Recipe):
        add_setting_option(group, name)


def add_own_option(parser: argparse.ArgumentParser) -> None:
    """For settings that an editor has beside those of every recipe."""
    parser.add_argument(
        "--set",
        dest="own",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the recipe's own editor, such as protection=3000 of memit; may be given again; workbench "
        "models --settings RECIPE lists them",
    )


def own_settings(options: argparse.Namespace) -> dict[str, str]:
    """Raises InputError for what is not NAME=VALUE."""
    pairs = [text.partition("=") for text in options.own]
    for name, sign, _ in pairs:
        if not (name and sign):
            raise InputError(f"--set {name}: give a name and a value, such as protection=3000.")
    return {name.strip().replace("-", "_"): value.strip() for name, _, value in pairs}


def require_own(options: argparse.Namespace) -> None:
    """Raises InputError as ``own_settings``, and SettingError for what the named recipe's editor does not have."""
    from workbench.editing.kinds import kind_named
    from workbench.editing.recipes import recipe_named

    own = own_settings(options)
    if options.recipe:
        recipe = recipe_named(options.recipe)
        kind = kind_named(recipe.editor)
        kind.changed(recipe.method, kind.typed(own))


def add_preset_option(parser: argparse.ArgumentParser) -> None:
    """For commands that start from a preset; a branch starts from its run."""
    parser.add_argument(
        "--preset",
        metavar="NAME",
        help="a named preset, where the model has several; see workbench models (default: the first that fits it)",
    )


def require_names(options: argparse.Namespace, recipe: str | None = None) -> None:
    """Raises SettingError for a preset or a recipe that does not exist. ``recipe``: where none was given."""
    from workbench.editing.recipes import recipe_named
    from workbench.models.presets import preset_named

    if options.preset:
        preset_named(options.preset)
    name: str | None = options.recipe or recipe
    if name is not None:
        recipe_named(name)


def add_setting_option(group: argparse._ActionsContainer, name: str) -> None:
    """The option of one setting of Recipe, by its field name; None where it is not given."""
    about = described(Recipe)[name]
    default = next(f.default for f in fields(Recipe) if f.name == name)
    if isinstance(default, bool):
        group.add_argument(
            _option(name), dest=name, action=argparse.BooleanOptionalAction, default=None, help=_help(about)
        )
    else:
        group.add_argument(
            _option(name),
            dest=name,
            type=type(default),
            choices=about.choices or None,
            metavar=None if about.choices else _metavar(about, default),
            help=_help(about),
        )


def given_settings(options: argparse.Namespace) -> dict[str, Any]:
    """Field name → value, of the settings that were given."""
    values = {name: getattr(options, name) for name in described(Recipe)}
    return {name: value for name, value in values.items() if value is not None}


def as_options(settings: Mapping[str, Any]) -> str:
    """Field name → value, as they are typed."""
    return " ".join(_as_option(name, value) for name, value in settings.items())


def _as_option(name: str, value: object) -> str:
    if isinstance(value, bool):
        return _option(name) if value else _option(f"no_{name}")
    return (
        f"{_option(name)} {value:g}" if isinstance(value, float) else f"{_option(name)} {quote(str(value))}"
    )


def add_model_options(parser: argparse.ArgumentParser, required: bool = True) -> None:
    parser.add_argument(
        "--model", required=required, metavar="M", help="a folder, a GGUF file, a hub id, or starter"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    parser.add_argument("--dtype", default="auto", help="auto, float32 or bfloat16 (default: auto)")


def add_fact_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=int, metavar="N", help="use the first N facts")
    parser.add_argument(
        "--offset", type=int, default=0, metavar="N", help="leave out the first N facts (default: 0)"
    )
    parser.add_argument(
        "--target",
        choices=("alt", "answers"),
        default="alt",
        help="which answer of a MEND-style zsRE file becomes the target (default: alt)",
    )
    parser.add_argument(
        "--skip-unfit",
        action="store_true",
        help="leave out facts that are too long for the model, and name them (default: refuse)",
    )


def writable_parent(path: Path) -> Path:
    """Raises InputError where the folder that is to hold ``path`` does not exist."""
    if not path.absolute().parent.is_dir():
        raise InputError(f"{path.parent} does not exist: make that folder first or choose another place.")
    return path


def _option(name: str) -> str:
    return "--" + _SPELLING.get(name, name.replace("_", "-"))


def _metavar(about: Setting, default: object) -> str:
    return about.symbol or (
        "PATTERN" if isinstance(default, str) else "N" if isinstance(default, int) else "X"
    )


def _help(about: Setting) -> str:
    return about.help.replace("%", "%%")


def one_line(values: Sequence[str]) -> str:
    return ", ".join(values)
