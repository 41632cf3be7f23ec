"""Errors a person can act on. Each message is one sentence: what is wrong, where, and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class WorkbenchError(Exception):
    """Base of every expected failure; ``exit_code`` is what the command line returns."""

    exit_code = 1


class InputError(WorkbenchError):
    """What the person gave cannot be used; nothing was written."""

    exit_code = 2


class SettingError(InputError):
    """A setting is out of its range. ``name`` is the setting's field name."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class FactFormatError(InputError):
    """A fact file cannot be read. ``row`` counts records from 1 (CSV: file lines), ``column`` is the field's name."""

    def __init__(
        self, file: Path | str, message: str, row: int | None = None, column: str | None = None
    ) -> None:
        place = str(file)
        if row is not None:
            place += f", row {row}"
        if column is not None:
            place += f", column {column!r}"
        super().__init__(f"{place}: {message}")
        self.file, self.row, self.column, self.reason = str(file), row, column, message


@dataclass(frozen=True, slots=True)
class Unfit:
    """A fact that the model cannot take."""

    place: int  # in its list, from 0
    reason: str  # "the fact “…” takes 300 tokens and the model reads 256: shorten it."


class UnfitFacts(InputError):
    """Facts of one list that the model cannot take, all of them. ``noun``: what such facts are called."""

    def __init__(self, unfit: Sequence[Unfit], total: int, noun: str = "fact") -> None:
        named = [f"{noun} {found.place + 1:,}: {found.reason}" for found in unfit]
        said = f"{len(named):,} of {total:,} {noun}s cannot be used with this model."
        super().__init__(named[0] if len(named) == 1 else "\n  ".join([said, *named]))
        self.unfit, self.total = tuple(unfit), total


class ModelLoadError(InputError):
    """A model cannot be found, read or trusted."""


class ExportError(InputError):
    """An export's destination cannot be used."""


class SessionError(InputError):
    """A session folder cannot be used, or not for what was asked; nothing outside it was touched."""


class SessionMoved(SessionError):
    """The folder was moved or removed under an open session; what is in memory can be saved elsewhere."""


class StepDamaged(SessionError):
    """What one step did cannot be read any more; the state after ``step`` of ``run``, the one before it, can be had."""

    def __init__(self, message: str, run: int, step: int) -> None:
        super().__init__(message)
        self.run, self.step = run, step


class DiskFull(WorkbenchError):
    """A write needs more space than there is; nothing half-written is left."""


class OutOfMemory(WorkbenchError):
    """The device has no memory left even for a minibatch of one fact."""


class NonFinite(WorkbenchError):
    """A loss, shift or weight is NaN or infinite; the step was not applied."""

    def __init__(self, message: str, fact: str = "", module: str = "") -> None:
        super().__init__(message)
        self.fact, self.module = fact, module


class Cancelled(WorkbenchError):
    """The person stopped a long operation; what was there before is unchanged."""

    exit_code = 130
