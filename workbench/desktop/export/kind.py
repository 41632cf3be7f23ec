"""What the export dialog can write. Kinds are given to it, so that further ones need no change there."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from workbench.desktop.background import Tell

if TYPE_CHECKING:
    from workbench.desktop.export.options import ExportOptions

Check = Callable[[Path], None]
Write = Callable[[Path, Tell, Event], Path]


@dataclass(frozen=True, slots=True)
class ExportKind:
    """``check`` and ``write`` raise ExportError, DiskFull or Cancelled; ``check`` is quick and writes nothing.

    ``write`` tells models.progress.LoadProgressed and runs in a worker."""

    name: str  # "hf"
    title: str  # "Hugging Face folder"
    contents: str  # one or two sentences: what is written, and for whom
    size: int  # bytes, about; 0: not known
    file_name: str  # suggested
    check: Check
    write: Write | None = None  # None: ``options`` gives it
    preview: str = ""  # what will be said of its origin, plain text
    is_folder: bool = True
    unavailable: str = ""  # why it cannot be written now
    options: "ExportOptions | None" = None  # its own form
    opens: str = ""  # a file of the folder that is opened in its place

    def writer(self) -> Write:
        """For the choice as it is now; called in the window's thread."""
        if self.options is not None:
            return self.options.writer()
        assert self.write is not None
        return self.write
