"""``workbench calibrate``: which modules, step size and protection to take on a model."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

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
    from workbench.editing.events import Progressed
    from workbench.studies.calibrate import Calibrator
    from workbench.studies.calibration import Calibration, CalibrationSettings, Point
    from workbench.studies.events import CalibrationEvent

_SEARCHED = {
    "modules",
    "step_size",
    "ridge",
    "protection",
    "memory",
    "warmup_memory",
    "passes",
    "floor",
}  # a preset may set them otherwise


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "calibrate",
        help="find layers and settings for a model",
        description="Edits a part of the warm-up facts again and again with other modules and settings, from the "
        "unedited model each time, and shows what edit success costs in perplexity and locality. The facts that are "
        "to be edited are not touched, and the model is not changed.",
    )
    parser.add_argument(
        "facts", type=Path, metavar="FACTS", help="warm-up facts: CSV, TSV, JSON or JSON Lines"
    )
    add_model_options(parser)
    add_fact_options(parser)
    parser.add_argument("--minutes", type=float, metavar="X", help="time of the search (default: 10)")
    parser.add_argument(
        "--grid", action="store_true", help="measure a whole coarse grid instead, however long"
    )
    parser.add_argument("--edits", type=Path, metavar="F", help="facts to be edited later: left out of FACTS")
    parser.add_argument("--ordinary-text", type=Path, metavar="FILE", help="what key protection keeps")
    parser.add_argument("--perplexity-text", type=Path, metavar="FILE", help="what perplexity is measured on")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the result there, as JSON")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    add_preset_option(parser)
    add_recipe_options(parser)
    parser.set_defaults(command=calibrate)


def calibrate(options: argparse.Namespace) -> int:
    """Everything that can be refused is refused before the model is loaded."""
    from workbench.cli.options import writable_parent
    from workbench.cli.progress import ProgressLine
    from workbench.editing.recipe import Recipe
    from workbench.studies.files import write_json

    given = given_settings(options)
    Recipe(**given)
    require_names(options)
    settings = _settings(options)
    if options.out is not None:
        writable_parent(options.out)
    with ProgressLine() as line:
        result = _calibrated(options, settings, given, line)
    if options.out is not None:
        write_json(options.out, result.as_json())
    _tell(options, result)
    if result.stopped:
        from workbench.errors import Cancelled

        raise Cancelled(f"Stopped after {len(result.points):,} points; they are reported above.")
    return 0


def _settings(options: argparse.Namespace) -> "CalibrationSettings":
    from workbench.studies.calibration import CalibrationSettings

    named = {"minutes": options.minutes, "seed": options.seed}
    return CalibrationSettings(**{name: value for name, value in named.items() if value is not None})


def _calibrated(
    options: argparse.Namespace,
    settings: "CalibrationSettings",
    given: dict[str, object],
    line: "ProgressLine",
) -> "Calibration":
    from workbench.cli.fitting import fitting
    from workbench.cli.interrupt import stop_on_interrupt
    from workbench.cli.loading import load_model
    from workbench.cli.reading import read_facts, read_plain_texts
    from workbench.editing.control import Control
    from workbench.storage.places import cache_folder
    from workbench.studies.calibrate import Calibrator
    from workbench.studies.candidates import candidates_for, starting_choice

    facts = read_facts(options.facts, line, options.limit, options.target, options.offset)
    avoid = read_facts(options.edits, line, None, options.target) if options.edits else ()
    ordinary, perplexity = map(read_plain_texts, (options.ordinary_text, options.perplexity_text))
    loaded = load_model(options.model, options.device, options.dtype, line)
    facts, _ = fitting(loaded, facts, options.skip_unfit, line)
    choice = starting_choice(loaded, options.recipe, given, options.preset)
    control = Control(lambda at: _tell_phase(at, line) if calibrator.measured == 0 else None)
    calibrator = Calibrator(
        loaded,
        facts,
        choice,
        settings,
        control,
        candidates=candidates_for(loaded, choice),
        avoid=avoid,
        grid=options.grid,
        ordinary_text=ordinary,
        perplexity_text=perplexity,
        text_cache=cache_folder() / "texts",
    )
    with stop_on_interrupt(control.stop, line.note):
        return _followed(calibrator, settings, line)


def _followed(
    calibrator: "Calibrator", settings: "CalibrationSettings", line: "ProgressLine"
) -> "Calibration":
    from workbench.studies.events import CalibrationEnded

    for event in calibrator.events():
        if isinstance(event, CalibrationEnded):
            line.close()
            return event.calibration
        _narrate(event, settings, line)
    raise AssertionError("a calibration always ends")


def _narrate(event: "CalibrationEvent", settings: "CalibrationSettings", line: "ProgressLine") -> None:
    from workbench.studies.events import CalibrationBegan, CalibrationPlanned, HoldingOut, PointMeasured

    match event:
        case CalibrationPlanned():
            line.note(event.note)
        case CalibrationBegan():
            split = event.split
            line.note(
                f"{split['statistics']:,} facts for statistics, {split['edits']:,} to edit in every trial, "
                f"{split['held_out']:,} held out; modules of {event.layers} layers. Unedited: "
                f"ES {event.unedited_success:.3f}, perplexity {event.unedited_perplexity:.1f}"
            )
        case HoldingOut():
            line.note(f"The search is over; {event.facts:,} held-out facts are edited with what it found")
        case PointMeasured() if event.total:
            line.update("Grid", event.done, event.total, "points", _short(event.point))
        case PointMeasured():
            budget = round(60 * settings.minutes)
            spent = max(1, budget - round(event.seconds_left))
            line.update("Searching", spent, budget, "seconds", f"{event.done} points; {_short(event.point)}")


def _tell_phase(at: "Progressed", line: "ProgressLine") -> None:
    line.update(at.phase.value.capitalize(), at.done, at.total, at.unit)


def _short(point: "Point") -> str:
    if point.gave_up:
        return f"{point.title}: given up"
    return f"{point.title}: ES {point.success:.2f}, kept {point.kept:.2f}, perplexity × {point.ratio:.2f}"


def _tell(options: argparse.Namespace, result: "Calibration") -> None:
    if options.json:
        print(json.dumps(result.as_json(), ensure_ascii=False))
        return
    from workbench.cli.calibration_table import calibration_table

    print(calibration_table(result))
    point = result.chosen_point
    if point is not None:
        command = f"workbench run FACTS --model {options.model} --warmup {options.facts}"
        print(f"\nTo edit with it:\n  {command} {_as_options(point)}")
    if options.out is not None:
        print(f"\nAll points: {options.out}")


def _as_options(point: "Point") -> str:
    """What was searched, and what else differs from the named recipe."""
    from workbench.cli.options import as_options
    from workbench.editing.recipes import recipe_named
    from workbench.settings import described

    recipe, named = point.recipe, recipe_named(point.recipe.name)
    settings = {
        name: getattr(recipe, name)
        for name in described(type(recipe))
        if name in _SEARCHED or getattr(recipe, name) != getattr(named, name)
    }
    return as_options({"name": recipe.name, **settings})
