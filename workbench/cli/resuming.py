"""``workbench resume``: go on with a run that was stopped or cut off."""

import argparse
from pathlib import Path

from workbench.cli.options import add_setting_option


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "resume",
        help="go on after a stop or a crash",
        description="Rebuilds the last whole step of a session's run and goes on from there.",
    )
    parser.add_argument("session", type=Path, metavar="SESSION", help="a session folder")
    parser.add_argument("--run", type=int, metavar="N", help="which run of the session (default: the last)")
    parser.add_argument("--model", metavar="M", help="where the base model is, if not where it was")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    add_setting_option(parser, "on_error")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(command=resume)


def resume(options: argparse.Namespace) -> int:
    from workbench.cli.following import follow, tell_result
    from workbench.cli.loading import load_base, way_back
    from workbench.cli.progress import ProgressLine
    from workbench.cli.sessions import require_writable
    from workbench.session.folder import Session
    from workbench.session.ledger import fact_history

    with ProgressLine() as line, Session.open(options.session) as session:
        require_writable(session)
        record = session.run(options.run)
        loaded = load_base(record.model, options.model, options.device, line)
        going_on = session.resume(loaded, record.id, options.on_error, watch=way_back(line))
        if not going_on.bit_equal:
            line.note(
                "This machine rounds otherwise than the one before: results may differ in their last digits."
            )
        history = fact_history(session, record)
        report = follow(
            line, going_on.editor, going_on.job, lambda: going_on.recorder, going_on.done, history
        )
        tell_result(options.json, loaded, going_on.editor.recipe, report, session.folder)
    report.require_finished(session.folder)
    return 0
