"""What the program warns of is said on standard error; what libraries warn of is in the log file only."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from workbench.storage.log_file import OWN, logging_to_file


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
        print(f"workbench: {record.getMessage()}", file=sys.stderr, flush=True)
