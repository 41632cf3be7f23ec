"""New runs out of a step of an old one: branches with other settings, replays without some facts."""

import argparse
from typing import TYPE_CHECKING

from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.editing.recipe import Recipe
    from workbench.session.records import RunRecord


def go_on_from(options: argparse.Namespace) -> int:
    """As ``workbench resume`` with the new run; the session stands at it afterwards."""
    from workbench.cli.following import follow, tell_result
    from workbench.cli.loading import load_base, way_back
    from workbench.cli.places import place, positions
    from workbench.cli.progress import ProgressLine
    from workbench.cli.sessions import require_writable
    from workbench.session.folder import Session
    from workbench.session.ledger import fact_history
    from workbench.session.lineage import chain_to, set_standing

    with ProgressLine() as line, Session.open(options.session) as session:
        require_writable(session)
        run, step = place(options.branch) if options.branch else (options.replay, 0)
        record = session.run(run)
        removed = positions(options.without, record.facts) if options.without else ()
        recipe = branch_recipe(record, step, options) if options.branch else None
        chain_to(session, run, step)
        loaded = load_base(record.model, options.model, options.device, line)
        if removed:
            going = session.replay_without(loaded, run, removed, options.name or "", way_back(line))
        else:
            going = session.branch(loaded, run, step, recipe, name=options.name or "", watch=way_back(line))
        made = session.run(going.recorder.run)
        session.name_run(made.id, made.name, options.note or "")
        set_standing(session, chain_to(session, made.id))
        line.note(f"Run {made.id}, {made.name}: goes on from step {going.done.steps:,} of run {run}.")
        history = fact_history(session, session.run(going.recorder.run))
        report = follow(line, going.editor, going.job, lambda: going.recorder, going.done, history)
        tell_result(options.json, loaded, made.recipe, report, session.folder)
    report.require_finished(session.folder)
    return 0


def branch_recipe(record: "RunRecord", step: int, options: argparse.Namespace) -> "Recipe":
    """The run's own with what was given. Raises SettingError, and InputError for what a branch cannot change, but for
    modules: which a pattern names, the model tells."""
    from workbench.cli.options import given_settings
    from workbench.editing.recipes import recipe_named
    from workbench.session.resume import why_no_branch

    given = given_settings(options)
    kept = {"batch": record.recipe.batch, "modules": record.recipe.modules}
    base = recipe_named(options.recipe).with_(**kept) if options.recipe else record.recipe
    recipe = base.with_(**given)
    if why := why_no_branch(record, step, recipe, record.modules):
        raise InputError(why)
    return recipe
