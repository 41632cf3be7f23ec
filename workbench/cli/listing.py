"""``workbench models``: what can be loaded, and the settings that are known to work."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.models.catalogue import Catalogue


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "models",
        help="list models, presets and recipes",
        description="Lists what can be loaded without asking anybody, the presets and the recipes.",
    )
    parser.add_argument("--get", metavar="NAME", help="fetch a model first: starter, or a hub id")
    parser.add_argument(
        "--settings", metavar="RECIPE", help="list the settings that a recipe's editor has of its own"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(command=models)


def models(options: argparse.Namespace) -> int:
    from workbench.editing.recipes import named_recipes
    from workbench.models.catalogue import available
    from workbench.plain import plain

    if options.settings:
        _print_settings(options.settings)
        return 0
    if options.get:
        _get(options.get)
    catalogue = available()
    recipes = named_recipes()
    if options.json:
        listed = asdict(catalogue) | {"recipes": {name: asdict(r) for name, r in recipes.items()}}
        print(json.dumps(plain(listed), default=str, ensure_ascii=False))
        return 0
    _print_models(catalogue)
    print("\nPresets")
    for preset in catalogue.presets:
        print(f"  {preset.name:24} {preset.title}: {preset.modules}")
    print("\nRecipes")
    for recipe in recipes.values():
        print(f"  {recipe.name:24} {recipe.summary}")
    return 0


def _print_settings(recipe: str) -> None:
    """Raises SettingError for an unknown recipe."""
    from workbench.editing.kinds import kind_named
    from workbench.editing.recipes import recipe_named
    from workbench.settings import described

    chosen = recipe_named(recipe)
    kind = kind_named(chosen.editor)
    if kind.settings is None:
        print(f"{kind.title} has no settings but those that workbench run --help lists.")
        return
    print(f"{kind.title}: settings for --set NAME=VALUE")
    for name, about in described(kind.settings).items():
        print(f"  {name}={getattr(chosen.method, name)}\n      {about.label}. {about.help}")


def _print_models(catalogue: "Catalogue") -> None:
    starter = catalogue.starter
    state = "not installed; get it with: workbench models --get starter"
    if starter.file is not None:
        state = "ready" if starter.converted else "installed, converted when first loaded"
    print(f"Models\n  {'starter':24} {starter.title}: {state}")
    for model in catalogue.cached:
        print(f"  {model.repository:24} {model.problem or f'cached, {model.size / 1e9:.2f} GB'}")


def _get(name: str) -> None:
    from workbench.cli.progress import ProgressLine
    from workbench.models import hub
    from workbench.models.progress import LoadProgressed, Watch
    from workbench.models.sources import SourceKind, parse_source
    from workbench.models.starter import fetch_starter

    with ProgressLine() as line:

        def report(event: LoadProgressed) -> None:
            line.update(f"{name}: {event.stage}", event.done, event.total, event.unit)

        source = parse_source(name)
        if source.kind is SourceKind.STARTER:
            fetch_starter(report)
        elif source.kind is SourceKind.HUB:
            hub.download(source.repository, Watch(report))
        else:
            raise InputError(f"{name} is on this computer already: load it with --model {name}.")
