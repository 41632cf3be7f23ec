"""A fact file as text: its encoding guessed, its bytes counted, undecodable bytes repaired."""

import codecs
import io
import re
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from workbench.errors import FactFormatError
from workbench.facts.text import repair

HEAD_BYTES = 1 << 16
LOOK_EVERY = 1 << 16  # characters between two looks at whether to stop
MAX_ROW = 1 << 22  # characters of one row or record; bounds what memory and time a broken file can take

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TEXT = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook: unpack it, or save the sheet as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook: save the sheet as CSV UTF-8"),
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"PAR1", "a Parquet file: convert it to JSON Lines or CSV"),
    (b"%PDF", "a PDF file: give CSV, JSON or JSON Lines"),
    (b"version https://git-lfs.", "a Git LFS pointer and not the data: fetch it with `git lfs pull`"),
)
_BINARY = "it holds binary data and not text: give CSV, JSON or JSON Lines."


def read_head(path: Path) -> bytes:
    """Raises FactFormatError where there is no readable, non-empty text file."""
    try:
        _require_file(path)
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise FactFormatError(
            path, f"it cannot be read ({error.strerror}): check the path and its permissions."
        ) from error
    if not head.strip():
        raise FactFormatError(path, "it is empty: add a header and rows, or choose another file.")
    for signature, what in _NOT_TEXT:
        if head.startswith(signature):
            raise FactFormatError(path, f"it is {what}.")
    return head


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise FactFormatError(path, "it is a folder: name one of the files in it.")
    if not path.exists():
        raise FactFormatError(path, "there is no such file: check the path.")
    if not path.is_file():
        raise FactFormatError(path, "it is not a regular file: save the facts to a file first.")


def guess_encoding(path: Path, head: bytes) -> tuple[str, str]:
    """Python's name for the encoding, and a note ("" where nothing had to be assumed)."""
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return name, ""
    if len(head) >= 4 and (wide := _unmarked_utf16(head)):
        return wide, f"It has no byte order mark and looks like {wide.upper()}; it was read as that."
    if b"\0" in re.split(rb"[\r\n]", head, maxsplit=1)[0]:
        raise FactFormatError(path, _BINARY)
    if _decodes(head, "utf-8"):
        return "utf-8", ""
    controls = sum(head.count(byte) for byte in range(32) if byte not in b"\t\n\r\f\v")
    if controls > 0.02 * len(head):
        raise FactFormatError(path, _BINARY)
    name = "cp1252" if _decodes(head, "cp1252") else "latin-1"
    title = {"cp1252": "Windows-1252", "latin-1": "Latin-1"}[name]
    return name, f"It is not UTF-8; it was read as {title}. Choose another encoding if letters look wrong."


def _unmarked_utf16(head: bytes) -> str:
    """Text mostly in ASCII has a NUL in every second byte."""
    even, odd = head[0::2].count(0) / len(head) * 2, head[1::2].count(0) / len(head) * 2
    if head[1] == head[3] == 0 and odd > 0.4 and even < 0.05:
        return "utf-16-le"
    if head[0] == head[2] == 0 and even > 0.4 and odd < 0.05:
        return "utf-16-be"
    return ""


def _decodes(head: bytes, encoding: str) -> bool:
    """A sequence that the end of a full head cuts in two is no fault."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(head, final=len(head) < HEAD_BYTES)
    except UnicodeDecodeError:
        return False
    return True


Look = Callable[["TextSource"], None]


class TextSource:
    """The file's text, line by line or in pieces. Bytes that do not decode are read as Windows-1252."""

    def __init__(self, path: Path, encoding: str, look: "Look | None" = None) -> None:
        """``look`` is called before each LOOK_EVERY characters; it may raise."""
        self.path, self.encoding = path, encoding
        self.taken = 0  # characters so far
        self._look, self._look_at = look, 0
        self._ahead = ""  # of the next line, read to see where one ended
        self.size = path.stat().st_size  # bytes
        self.repaired = 0  # bytes so far
        self._binary = path.open("rb")
        try:
            self._text = io.TextIOWrapper(
                self._binary, encoding=encoding, errors="surrogateescape", newline=""
            )
        except LookupError as error:
            self._binary.close()
            message = f"the encoding {encoding!r} is unknown: choose one such as utf-8, utf-16 or cp1252."
            raise FactFormatError(path, message) from error

    @property
    def position(self) -> int:
        """Bytes read so far, in steps of the buffer."""
        return self._binary.tell()

    def readline(self) -> str:
        """Empty at the end. Of a line that reaches MAX_ROW, only the first MAX_ROW characters."""
        piece, self._ahead = self._ahead or self._decoded(self._text.readline, LOOK_EVERY), ""
        if len(piece) < LOOK_EVERY or piece[-1] == "\n":
            return piece
        pieces, size = [piece], len(piece)
        while len(piece) == LOOK_EVERY and piece[-1] != "\n":
            carriage = piece[-1] == "\r"
            piece = self._decoded(self._text.readline, LOOK_EVERY)
            if carriage and piece != "\n":
                self._ahead = piece
                break
            if size < MAX_ROW:
                pieces.append(piece)
                size += len(piece)
        return "".join(pieces)[:MAX_ROW]

    def read(self, characters: int) -> str:
        return self._decoded(self._text.read, characters)

    def _decoded(self, read: Callable[[int], str], characters: int) -> str:
        if self._look is not None and self.taken >= self._look_at:
            self._look_at = self.taken + LOOK_EVERY
            self._look(self)
        try:
            text, repaired = repair(read(characters))
        except UnicodeError as error:
            reason = getattr(error, "reason", str(error))
            message = f"it cannot be read as {self.encoding} ({reason}): choose another encoding."
            raise FactFormatError(self.path, message) from error
        except OSError as error:
            raise FactFormatError(self.path, f"reading it failed: {error.strerror}.") from error
        self.repaired += repaired
        self.taken += len(text)
        return text

    def __enter__(self) -> "TextSource":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._text.close()
