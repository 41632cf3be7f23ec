"""The log file: what the program did, and what libraries warn of, which is nothing for a person to read."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

from platformdirs import user_log_dir

from workbench.storage.places import APPLICATION

OWN = "workbench"  # the logger above all of the program's own
_FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
_PRINTING = {"torch", "transformers", "huggingface_hub", "optuna"}
_MOST_BYTES, _KEPT = 1_000_000, 3  # of one file; files before it


def log_path() -> Path:
    return Path(user_log_dir(APPLICATION, appauthor=False)) / "workbench.log"


def unforeseen(error: BaseException, what: str) -> str:
    """One sentence for the person. The traceback goes into the log file, which it names."""
    logging.getLogger("unforeseen").error("%s failed", what, exc_info=error)
    return unforeseen_in_words(error, what)


def unforeseen_in_words(error: BaseException, what: str) -> str:
    """For an error that is logged elsewhere."""
    return (
        f"{what} failed unexpectedly ({type(error).__name__}: {_first_line(error)}); the details are "
        f"in {log_path()}."
    )


@contextmanager
def logging_to_file() -> Iterator[None]:
    """Within it, records and Python's warnings go into the file and nowhere else by themselves."""
    root, own = logging.getLogger(), logging.getLogger(OWN)
    before, handler = own.level, _new_handler()
    root.addHandler(handler)
    own.setLevel(logging.INFO)
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        own.setLevel(before)
        root.removeHandler(handler)
        handler.close()


def take_over_libraries() -> None:
    """torch, transformers, huggingface_hub and optuna print their records for themselves: call it once they are
    imported, and theirs go where all others go."""
    for name, logger in list(logging.Logger.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.split(".")[0] in _PRINTING:
            for handler in [h for h in logger.handlers if type(h) is logging.StreamHandler]:
                logger.removeHandler(handler)
            logger.propagate = True


def _new_handler() -> logging.Handler:
    """One that drops everything where no file can be made: logging must not keep anybody from working."""
    try:
        log_path().parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = _LogFile(log_path())
    except OSError:
        handler = logging.NullHandler()
    handler.addFilter(_Once())
    return handler


class _LogFile(RotatingFileHandler):
    def __init__(self, path: Path) -> None:
        super().__init__(
            path, maxBytes=_MOST_BYTES, backupCount=_KEPT, encoding="utf-8", errors="backslashreplace"
        )
        self.setFormatter(logging.Formatter(_FORMAT))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """A full disk is told where facts and steps are kept."""


class _Once(logging.Filter):
    """What a library repeats is kept the first time only."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[tuple[str, str]] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.split(".")[0] == OWN:
            return True
        said = record.name, record.getMessage()
        new = said not in self._seen
        self._seen.add(said)
        return new


def _first_line(error: BaseException, length: int = 160) -> str:
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return text if len(text) <= length else text[: length - 1] + "…"
