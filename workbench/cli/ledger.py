"""``workbench ledger``: what a session did, step by step, and the ways back and onward from any step."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.session.folder import Session


EPILOG = """examples:
  workbench ledger SESSION                          every run with its steps
  workbench ledger SESSION --run 2 --step 3         also the facts of step 3, with their numbers
  workbench ledger SESSION --run 2 --name "lower γ" --note "after the talk"
  workbench ledger SESSION --rewind 2:3             the session stands after step 3 of run 2; nothing is lost
  workbench ledger SESSION --branch 2:3 --step-size 1e-4
                                                    a new run goes on from there with other settings
  workbench ledger SESSION --replay 2 --without 4,7-9
                                                    a new run that never had these facts of run 2
"""


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from workbench.cli.options import add_recipe_options

    parser = commands.add_parser(
        "ledger",
        help="list a session's runs and steps, return to one, branch, replay",
        description="Lists runs and steps with time, facts, shift norms, efficacy before and after, and scores.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("session", type=Path, metavar="SESSION", help="a session folder")
    parser.add_argument("--run", type=int, metavar="N", help="only this run (to name: default the last)")
    parser.add_argument(
        "--step", type=int, metavar="N", help="list the facts of this editing step of --run too"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    change = parser.add_argument_group("changes (every step stays in the ledger)")
    change.add_argument(
        "--name", metavar="TEXT", help="name --run, or the run that --branch or --replay makes"
    )
    change.add_argument("--note", metavar="TEXT", help="a note on it")
    way = change.add_mutually_exclusive_group()
    way.add_argument(
        "--rewind", metavar="RUN:STEP", help="where the session stands; 0: before the first edit"
    )
    way.add_argument(
        "--branch", metavar="RUN:STEP", help="go on from there as a new run; see the settings below"
    )
    way.add_argument(
        "--replay", type=int, metavar="RUN", help="a new run with its settings, but --without facts"
    )
    change.add_argument("--without", metavar="FACTS", help="numbers of facts in the run, such as 4,7-9")
    new = parser.add_argument_group("for --branch and --replay")
    new.add_argument("--model", metavar="M", help="where the base model is, if not where it was")
    new.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    add_recipe_options(parser)
    parser.set_defaults(command=ledger_command)


def ledger_command(options: argparse.Namespace) -> int:
    _require_sensible(options)
    if options.branch or options.replay is not None:
        from workbench.cli.branching import go_on_from

        return go_on_from(options)
    from workbench.cli.ledger_table import ledger_as_dict, ledger_text
    from workbench.cli.sessions import require_writable
    from workbench.session.folder import Session

    changes = bool(options.rewind) or options.name is not None or options.note is not None
    with Session.open(options.session, read_only=not changes) as session:
        if changes:
            require_writable(session)
            _change(session, options)
        if options.json:
            print(json.dumps(ledger_as_dict(session, options.run, options.step), ensure_ascii=False))
        else:
            print(ledger_text(session, options.run, options.step))
    return 0


def _require_sensible(options: argparse.Namespace) -> None:
    from workbench.cli.options import given_settings

    if (options.replay is None) != (options.without is None):
        raise InputError("--replay and --without belong together: which run, and which of its facts not.")
    if options.step is not None and options.run is None:
        raise InputError("--step needs --run: which run's step is meant.")
    given = [*given_settings(options), *(["recipe"] if options.recipe else [])]
    if given and not options.branch:
        raise InputError(
            f"Settings ({', '.join(given)}) go with --branch only: a replay keeps those of its run."
        )


def _change(session: "Session", options: argparse.Namespace) -> None:
    from workbench.cli.places import place
    from workbench.session.lineage import chain_to, set_standing

    if options.rewind:
        set_standing(session, chain_to(session, *place(options.rewind)))
    if options.name is not None or options.note is not None:
        record = session.run(options.run)
        name = record.name if options.name is None else options.name
        session.name_run(record.id, name, record.note if options.note is None else options.note)
