"""``workbench experiment``: what the paper claims, put to the test on a model and facts."""

import argparse
import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.options import (
    add_fact_options,
    add_model_options,
    add_preset_option,
    add_recipe_options,
    given_settings,
    require_names,
)

if TYPE_CHECKING:
    from workbench.cli.progress import ProgressLine
    from workbench.studies.claims.events import Claims, ClaimsEvent
    from workbench.studies.claims.settings import ClaimsSettings
    from workbench.studies.claims.study import ClaimsStudy

_RECIPE = "stableedit"  # the paper's method, without protection and memory
_WIDTH = 100


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "experiment",
        help="test what the paper claims on a model",
        description="Experiments on a model and facts.",
    )
    kinds = parser.add_subparsers(title="experiments", metavar="EXPERIMENT", required=True)
    claims_parser = kinds.add_parser(
        "claims",
        help="with and without normalisation, warm-up, early edits and edit memory",
        description="Edits the same facts in the same order with and without what the method adds, and says of each "
        "claim whether it held. Finished runs are saved and not done again. The model is not changed.",
    )
    claims_parser.add_argument("facts", type=Path, metavar="FACTS", help="CSV, TSV, JSON or JSON Lines")
    add_model_options(claims_parser)
    claims_parser.add_argument("--warmup", type=Path, required=True, metavar="F", help="warm-up facts")
    add_fact_options(claims_parser)
    claims_parser.add_argument("--steps", type=int, metavar="N", help="steps of each run (default: 20)")
    claims_parser.add_argument("--seeds", type=int, metavar="N", help="repetitions (default: 3)")
    claims_parser.add_argument("--ordinary-text", type=Path, metavar="FILE", help="what key protection keeps")
    claims_parser.add_argument(
        "--perplexity-text", type=Path, metavar="FILE", help="what perplexity is measured on"
    )
    claims_parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where runs and results are saved (default: data folder)"
    )
    claims_parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    add_preset_option(claims_parser)
    add_recipe_options(claims_parser)
    claims_parser.set_defaults(command=claims)


def claims(options: argparse.Namespace) -> int:
    """Everything that can be refused is refused before the model is loaded."""
    from workbench.cli.options import writable_parent
    from workbench.cli.progress import ProgressLine
    from workbench.editing.recipe import Recipe
    from workbench.errors import Cancelled

    given = given_settings(options)
    Recipe(**given)
    require_names(options, _RECIPE)
    settings = _settings(options)
    if options.out is not None:
        writable_parent(options.out)
    with ProgressLine() as line:
        folder, result = _tested(options, settings, given, line)
    _tell(options, folder, result)
    if result.stopped:
        raise Cancelled(
            f"Stopped; {len(result.runs):,} finished runs are saved, and the same command continues from there."
        )
    return 0


def _settings(options: argparse.Namespace) -> "ClaimsSettings":
    from workbench.studies.claims.settings import ClaimsSettings

    named = {"steps": options.steps, "batch": options.batch, "seeds": options.seeds}
    return ClaimsSettings(**{name: value for name, value in named.items() if value is not None})


def _tested(
    options: argparse.Namespace, settings: "ClaimsSettings", given: dict[str, Any], line: "ProgressLine"
) -> "tuple[Path, Claims]":
    from workbench.cli.fitting import fitting
    from workbench.cli.interrupt import stop_on_interrupt
    from workbench.cli.loading import load_model
    from workbench.cli.narrate import Narrator
    from workbench.cli.reading import read_facts, read_plain_texts
    from workbench.editing.control import Control
    from workbench.storage.places import cache_folder, data_folder
    from workbench.studies.candidates import starting_choice
    from workbench.studies.claims.study import ClaimsStudy

    facts = read_facts(options.facts, line, options.limit, options.target, options.offset)
    warmup = read_facts(options.warmup, line, None, options.target)
    ordinary, perplexity = map(read_plain_texts, (options.ordinary_text, options.perplexity_text))
    loaded = load_model(options.model, options.device, options.dtype, line)
    facts, warmup = fitting(loaded, facts, options.skip_unfit, line, warmup)
    control = Control(Narrator(line, whitens=False).tell)
    study = ClaimsStudy(
        loaded,
        facts,
        warmup,
        starting_choice(loaded, options.recipe or _RECIPE, given, options.preset),
        settings,
        options.out or data_folder() / "claims",
        control,
        ordinary_text=ordinary,
        perplexity_text=perplexity,
        text_cache=cache_folder() / "texts",
    )
    with stop_on_interrupt(control.stop, line.note):
        return study.folder, _followed(study, line)


def _followed(study: "ClaimsStudy", line: "ProgressLine") -> "Claims":
    from workbench.studies.claims.events import ClaimsEnded

    for event in study.events():
        if isinstance(event, ClaimsEnded):
            line.close()
            return event.result
        _narrate(event, line)
    raise AssertionError("a study always ends")


def _narrate(event: "ClaimsEvent", line: "ProgressLine") -> None:
    from workbench.cli.progress import duration
    from workbench.studies.claims.events import RunFinished, RunProgressed
    from workbench.studies.claims.variants import BY_NAME

    match event:
        case RunProgressed():
            left = f"about {duration(event.seconds_left)} left in all" if event.seconds_left > 0 else ""
            title = f"Run {event.done + 1} of {event.total}: {event.title}, seed {event.seed}"
            line.update(title, event.step, event.steps, "steps", left)
        case RunFinished(record=record):
            end = (
                record.failed or f"ES {record.scores['es']:.3f}, perplexity {record.scores['perplexity']:.1f}"
            )
            kept = ", saved before" if event.from_disk else ""
            line.note(f"{BY_NAME[record.variant].title}, seed {record.seed}{kept}: {end}")


def _tell(options: argparse.Namespace, folder: Path, result: "Claims") -> None:
    if options.json:
        print(json.dumps(result.as_json() | {"folder": str(folder)}, ensure_ascii=False))
        return
    print(
        f"{len(result.runs)} runs of {result.settings.steps:,} steps of {result.settings.batch:,} facts, "
        f"{result.settings.seeds} seeds, step size {result.reference.step_size:g}."
    )
    for claim in result.claims:
        print()
        print(_wrapped(f"{claim.sentence}"))
        print(_wrapped(f"Rule: {claim.rule}", "  "))
    print(f"\nRuns and figures: {folder}")


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=indent, subsequent_indent=indent or "  ")
