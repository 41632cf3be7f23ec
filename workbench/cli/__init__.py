"""The command line: the same engine, no display needed. Heavy imports wait until a command needs them."""

import argparse
import sys
from collections.abc import Sequence

from workbench import __version__
from workbench.errors import WorkbenchError

EXIT_INPUT, EXIT_INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 done, 1 failed while running, 2 bad arguments or input, 130 interrupted."""
    from workbench.cli.interrupt import interrupts
    from workbench.cli.said import warnings_said
    from workbench.storage.partials import clear_abandoned

    options = parser().parse_args(arguments)
    try:
        with interrupts(), warnings_said():
            clear_abandoned()
            return int(options.command(options) or 0)
    except WorkbenchError as error:
        print(f"workbench: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("workbench: stopped.", file=sys.stderr)
        return EXIT_INTERRUPTED


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
