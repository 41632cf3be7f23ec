"""``python -m workbench``: the window without arguments, else the command line."""

import signal
import sys
from importlib import import_module


def main() -> int:
    arguments = sys.argv[1:]
    if arguments and not _opens_window(arguments):
        from workbench.cli import main as command_line

        return command_line(arguments)
    # By name, so that the command line never pulls Qt in.
    return int(import_module("workbench.desktop.application").main(arguments))


def _opens_window(arguments: list[str]) -> bool:
    """``--session DIR`` alone opens that session in the window."""
    return arguments[0] == "--session"


def _program() -> int:
    try:
        return main()
    except KeyboardInterrupt:  # before or after whatever handles it
        print("workbench: stopped.", file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # the interpreter's own end needs no traceback


if __name__ == "__main__":
    sys.exit(_program())
