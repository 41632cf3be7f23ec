"""What the program warns of is said on standard error; what libraries warn of is in the log file only."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from workbench.storage.log_file import OWN, logging_to_file


def say(sentence: str) -> None:
    """On standard error; where nobody can read that, the command goes on."""
    if sys.stderr is not None:  # closed from the beginning
        with suppress(OSError, ValueError):
            print(sentence, file=sys.stderr, flush=True)


@contextmanager
def warnings_said() -> Iterator[None]:
    own, handler = logging.getLogger(OWN), _Said(logging.WARNING)
    own.addHandler(handler)
    try:
        with logging_to_file():
            yield
    finally:
        own.removeHandler(handler)


class _Said(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        say(f"workbench: {record.getMessage()}")
