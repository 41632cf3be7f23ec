"""What the export dialog can write. Kinds are given to it, so that further ones need no change there."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from workbench.desktop.background import Tell

Check = Callable[[Path], None]
Write = Callable[[Path, Tell, Event], Path]


@dataclass(frozen=True, slots=True)
class ExportKind:
    """``check`` and ``write`` raise ExportError, DiskFull or Cancelled; ``check`` is quick and writes nothing.

    ``write`` tells models.progress.LoadProgressed and runs in a worker."""

    name: str  # "hf"
    title: str  # "Hugging Face folder"
    contents: str  # one or two sentences: what is written, and for whom
    size: int  # bytes, about
    file_name: str  # suggested
    check: Check
    write: Write
    preview: str = ""  # what will be said of its origin, plain text
    is_folder: bool = True
    unavailable: str = ""  # why it cannot be written now
