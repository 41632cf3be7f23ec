"""However a command ends, it ends with an exit code and at most one sentence."""

import errno
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from workbench.cli.said import say
from workbench.errors import WorkbenchError
from workbench.storage.log_file import unforeseen

EXIT_FAILED, EXIT_INPUT, EXIT_INTERRUPTED = 1, 2, 130


class Output:
    """Standard output that remembers why it could not be written: argparse swallows that, and others hide it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.error: OSError | None = None

    def write(self, text: str) -> int:
        with self._remembering():
            return self._stream.write(text)

    def flush(self) -> None:
        with self._remembering():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def let_go(self) -> None:
        """So that the interpreter does not try once more when it ends."""
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.error = self.error or error
            raise


@contextmanager
def watched_output() -> Iterator[Output | None]:
    """None where standard output was closed from the beginning: ``print`` then prints nothing."""
    before = sys.stdout
    output = None if before is None else Output(before)
    sys.stdout = cast(TextIO, output)
    try:
        yield output
    finally:
        sys.stdout = before


def exit_code_of(command: Callable[[], int], output: Output | None) -> int:
    """Traceback of what nobody foresaw: in the log file, which the sentence names."""
    try:
        code = command()
    except WorkbenchError as error:
        say(f"workbench: {error}")
        code = error.exit_code
    except KeyboardInterrupt:
        say("workbench: stopped.")
        code = EXIT_INTERRUPTED
    except Exception as error:
        lost = output is not None and output.error is not None
        code = EXIT_FAILED if lost else _told(error)
    return written(code, output)


def written(code: int, output: Output | None) -> int:
    """``code``, or that of an output that could not be written whole. A reader that left needs no sentence."""
    if output is None:
        return code
    with suppress(OSError):
        output.flush()
    if output.error is None:
        return code
    output.let_go()
    if output.error.errno != errno.EPIPE:
        say(f"workbench: the output cannot be written ({output.error.strerror}): send it to another place.")
    return code or EXIT_FAILED


def _told(error: Exception) -> int:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        logging.getLogger("unforeseen").error("An unusable file", exc_info=error)
        say(f"workbench: {error.filename} cannot be used ({error.strerror}): check the path and the disk.")
        return EXIT_INPUT
    say(f"workbench: {unforeseen(error, 'the command')}")
    return EXIT_FAILED
