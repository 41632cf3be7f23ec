"""The command line: the same engine, no display needed. Heavy imports wait until a command needs them."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench import __version__

if TYPE_CHECKING:
    from workbench.cli.boundary import Output


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 done, 1 failed while running, 2 bad arguments or input, 130 interrupted."""
    from workbench.cli.interrupt import ending_at_once, interrupts

    with ending_at_once():
        from workbench.cli.boundary import exit_code_of, watched_output
        from workbench.cli.said import warnings_said

        with watched_output() as output:
            options = _parsed(arguments, output)
            with interrupts(), warnings_said():
                return exit_code_of(lambda: _done(options), output)


def _parsed(arguments: Sequence[str] | None, output: "Output | None") -> argparse.Namespace:
    from workbench.cli.boundary import written

    try:
        return parser().parse_args(arguments)
    except SystemExit as end:
        raise SystemExit(written(int(end.code or 0), output)) from None


def _done(options: argparse.Namespace) -> int:
    from workbench.storage.partials import clear_abandoned

    clear_abandoned()
    return int(options.command(options) or 0)


def parser() -> argparse.ArgumentParser:
    from workbench.cli import (
        applying,
        calibrating,
        comparing,
        evaluating,
        experimenting,
        exporting,
        ledger,
        listing,
        resuming,
        running,
        verifying,
    )

    top = argparse.ArgumentParser(
        prog="workbench",
        description="Change what a language model knows, fact after fact, and see whether it stays sound.",
        epilog="Without a command the window opens.",
    )
    top.add_argument("--version", action="version", version=f"workbench {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    for part in (
        listing,
        running,
        resuming,
        ledger,
        comparing,
        verifying,
        evaluating,
        calibrating,
        experimenting,
        exporting,
        applying,
    ):
        part.add_to(commands)
    top.set_defaults(command=lambda _options: top.print_help())
    return top
