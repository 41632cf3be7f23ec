"""Runs as rows: one each, or those that only their seed tells apart as one; filtered and sorted."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from workbench.desktop.compare.columns import NAN, Column, Value
from workbench.desktop.compare.reading import Candidate

_CONDITION = re.compile(r"(\w+)\s*(<=|>=|!=|=|<|>)\s*(\S+)")
_WORD = re.compile(r'"([^"]*)"?|([^\s"]+)')
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


@dataclass(frozen=True, slots=True)
class RunRow:
    members: tuple[Candidate, ...]
    values: tuple[Value, ...]  # one a column; of several members the mean
    spread: tuple[float, ...]  # standard deviation over the members; NaN for one alone

    @property
    def name(self) -> str:
        first = self.members[0]
        if len(self.members) == 1:
            return first.name
        return f"{len(self.members)} seeds of {first.compared.record.name}"


def rows_of(found: Sequence[Candidate], columns: Sequence[Column], grouped: bool) -> list[RunRow]:
    groups: dict[object, list[Candidate]] = {}
    for candidate in found:
        groups.setdefault(_but_for_seed(candidate) if grouped else candidate.key, []).append(candidate)
    return [_row(tuple(members), columns) for members in groups.values()]


def _but_for_seed(candidate: Candidate) -> object:
    """Equal for runs that differ in their seed, and so perhaps in their facts, alone."""
    record = candidate.compared.record
    recipe = record.recipe.with_(seed=0)
    return recipe, record.modules, record.model.sha256, record.facts, record.facts_done, record.warmup


def _row(members: tuple[Candidate, ...], columns: Sequence[Column]) -> RunRow:
    read = [[column.value(member) for member in members] for column in columns]
    spread = tuple(map(_spread, read))
    return RunRow(members, tuple(map(_together, read)), spread)


def _spread(values: Sequence[Value]) -> float:
    numbers = [value for value in values if not isinstance(value, str)]
    return stdev(numbers) if len(numbers) == len(values) > 1 else NAN


def _together(values: Sequence[Value]) -> Value:
    if any(isinstance(value, str) for value in values):
        return ", ".join(dict.fromkeys(map(str, values)))
    return fmean(values)  # type: ignore[arg-type]


def in_order(rows: Sequence[RunRow], column: int | None, descending: bool) -> list[RunRow]:
    """``column`` None: by name. What was not measured comes last either way."""
    if column is None:
        return sorted(rows, key=lambda row: _natural(row.name), reverse=descending)
    known = [row for row in rows if row.values[column] == row.values[column]]
    texts = any(isinstance(row.values[column], str) for row in known)

    def key(row: RunRow) -> tuple[tuple[int, float, str], ...]:
        value = row.values[column]
        return _natural(str(value)) if texts else ((0, float(value), ""),)

    rest = [row for row in rows if row.values[column] != row.values[column]]
    return sorted(known, key=key, reverse=descending) + rest


def _natural(text: str) -> tuple[tuple[int, float, str], ...]:
    """``run 10`` after ``run 9``."""
    parts = re.findall(r"\d+|\D+", text.casefold())
    return tuple((0, float(part), "") if part.isdigit() else (1, 0.0, part) for part in parts)


@dataclass(frozen=True, slots=True)
class Filter:
    """Words that a run's name, folder, note or settings hold, and conditions such as ``es>0.9``."""

    words: tuple[str, ...] = ()
    conditions: tuple[tuple[int, str, str], ...] = ()  # column, comparison, what with
    problem: str = ""

    def holds(self, row: RunRow) -> bool:
        text = "\n".join(f"{m.name} {m.compared.record.note} {m.compared.session.stem}" for m in row.members)
        text = f"{text}\n{' '.join(v for v in row.values if isinstance(v, str))}".casefold()
        if not all(word in text for word in self.words):
            return False
        return all(_meets(row.values[column], by, wanted) for column, by, wanted in self.conditions)


def parse(text: str, columns: Sequence[Column]) -> Filter:
    """Column names may be cut short, and have _ for a space."""
    conditions, problem = [], ""
    for name, by, wanted in _CONDITION.findall(text):
        column = _column_called(name, columns)
        if column is None:
            problem = f"No column is called “{name}”."
        elif by not in ("=", "!=") and not _is_number(wanted):
            problem = f"“{wanted}” is not a number."
        else:
            conditions.append((column, by, wanted))
    rest = _CONDITION.sub(" ", text).casefold()
    words = tuple(quoted or plain for quoted, plain in _WORD.findall(rest) if quoted or plain)
    return Filter(words, tuple(conditions), problem)


def _column_called(name: str, columns: Sequence[Column]) -> int | None:
    wanted = name.casefold()
    names = [(c.key.casefold(), c.title.casefold().replace(", ", "_").replace(" ", "_")) for c in columns]
    for fits in (lambda known: known == wanted, lambda known: known.startswith(wanted)):
        for i, known in enumerate(names):
            if any(map(fits, known)):
                return i
    return None


def _meets(value: Value, by: str, wanted: str) -> bool:
    if isinstance(value, str) or not _is_number(wanted):
        return (str(value).casefold() == wanted.casefold()) is (by == "=")
    return value == value and _COMPARE[by](value, float(wanted))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
