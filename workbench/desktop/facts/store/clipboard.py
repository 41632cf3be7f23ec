"""Facts as the text that spreadsheets copy and paste: cells between tabs, quoted where they must be."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from workbench.facts.build import Tally
from workbench.facts.cells import TAG_SEPARATORS, joined, restored
from workbench.facts.fact import Fact, Probe
from workbench.facts.mapping import Mapping, guess
from workbench.facts.table import column_names
from workbench.facts.text import count
from workbench.facts.values import BadField
from workbench.facts.writing import as_tabbed

MAX_COPIED = 100_000  # facts

# Named so that ``guess`` finds them again.
CELLS: dict[str, Callable[[Fact], str]] = {
    "prompt": lambda fact: fact.prompt,
    "target": lambda fact: fact.target,
    "old": lambda fact: fact.old,
    "subject": lambda fact: fact.subject,
    "rephrases": lambda fact: joined(fact.rephrases),
    "locality_prompt": lambda fact: _prompts(fact.locality),
    "locality_answer": lambda fact: _answers(fact.locality),
    "locality_kind": lambda fact: _kinds(fact.locality),
    "portability_prompt": lambda fact: _prompts(fact.portability),
    "portability_answer": lambda fact: _answers(fact.portability),
    "portability_kind": lambda fact: _kinds(fact.portability),
    "tags": lambda fact: joined(fact.tags, TAG_SEPARATORS),
    "key": lambda fact: fact.key,
}
NEEDED = {"prompt", "target"}
WITHOUT_HEADER = Mapping(prompt="column 1", target="column 2", old="column 3")


@dataclass(frozen=True, slots=True)
class Pasted:
    """``texts`` instead of facts where the clipboard holds a single column."""

    facts: tuple[Fact, ...] = ()
    texts: tuple[str, ...] = ()
    problem: str = ""  # a sentence about what was left out


def to_text(facts: Sequence[Fact]) -> str:
    """With a header; columns that are empty throughout are left out."""
    table = {name: [read(fact) for fact in facts] for name, read in CELLS.items()}
    used = {name: column for name, column in table.items() if name in NEEDED or any(column)}
    return as_tabbed([tuple(used), *zip(*used.values(), strict=True)])


def from_text(text: str) -> Pasted:
    """A first row that names a prompt and a target is a header; without one the columns are prompt, target, old."""
    try:
        lines = list(csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter="\t"))
    except csv.Error as error:
        return Pasted(problem=f"The clipboard holds no table ({error}).")
    rows = [row for row in lines if any(cell.strip() for cell in row)]
    if not rows:
        return Pasted(problem="The clipboard holds no text to paste.")
    if max(map(len, rows)) == 1:
        return Pasted(texts=tuple(restored(row[0].strip()) for row in rows))
    return _facts(rows)


def _facts(rows: list[list[str]]) -> Pasted:
    names = column_names(rows[0])
    mapping = guess(names)
    headed = bool(mapping.prompt and mapping.target)
    if not headed:
        names = tuple(f"column {number}" for number in range(1, max(map(len, rows)) + 1))
        mapping = WITHOUT_HEADER if len(names) > 2 else replace(WITHOUT_HEADER, old="")
    facts: list[Fact] = []
    bad: list[str] = []
    for number, row in enumerate(rows[headed:], 1 + headed):
        record = dict(zip(names, map(restored, row), strict=False))
        try:
            facts.append(mapping.fact(record, Tally(), table=headed))
        except BadField as error:
            bad.append(f"row {number:,}, {error.column}: {error.reason}")
    return Pasted(facts=tuple(facts), problem=_left_out(bad))


def _left_out(bad: list[str]) -> str:
    if not bad:
        return ""
    more = f" ({len(bad) - 1:,} more like it.)" if len(bad) > 1 else ""
    return f"{count(len(bad), 'row')} left out; {bad[0]}{more}"


def _prompts(probes: tuple[Probe, ...]) -> str:
    return joined([probe.prompt for probe in probes])


def _answers(probes: tuple[Probe, ...]) -> str:
    return joined([probe.answer for probe in probes])


def _kinds(probes: tuple[Probe, ...]) -> str:
    return joined([probe.kind for probe in probes])
