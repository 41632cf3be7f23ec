"""How the records of a file become facts: through a benchmark's form or a mapping of columns."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.errors import FactFormatError
from workbench.facts.build import Tally
from workbench.facts.fact import Fact
from workbench.facts.forms import FORMS, Form, recognise
from workbench.facts.layout import Layout
from workbench.facts.mapping import Mapping, guess
from workbench.facts.records import Record
from workbench.facts.summary import BadRow, ImportOptions
from workbench.facts.text import cut
from workbench.facts.values import BadField


@dataclass(frozen=True, slots=True)
class Plan:
    columns: tuple[str, ...]
    form: Form | None  # None: ``mapping`` decides
    mapping: Mapping
    target: str  # "alt" or "answers"
    table: bool
    problem: str  # why no fact can be read; "" where they can

    def outcome(self, row: int, entry: Record | str, tally: Tally) -> Fact | BadRow:
        """``entry`` is the row's record, or the reason why it has none."""
        if isinstance(entry, str):
            return BadRow(row, "", entry)
        try:
            if self.form:
                return self.form.convert(entry, self.target, tally)
            return self.mapping.fact(entry, tally, self.table)
        except BadField as bad:
            return BadRow(row, bad.column, bad.reason, in_line(entry))

    def notes(self) -> tuple[str, ...]:
        if self.form and self.form.targets:
            return (f"{self.form.title}: the targets are taken from its {self.target!r}.",)
        return ()


def make_plan(
    layout: Layout, table_columns: tuple[str, ...], head: Sequence[Record | str], options: ImportOptions
) -> Plan:
    """``head``: the file's first entries, broken ones too. Raises FactFormatError for an unknown form."""
    table = layout.format == "csv"
    known = [entry for entry in head if isinstance(entry, dict)]
    columns = table_columns or tuple(dict.fromkeys(name for record in known for name in record))
    form = None if table or options.mapping else _form(layout, options.form, known)
    mapping = options.mapping or guess(columns, table)
    noun = "column" if table else "field"
    if not head:
        problem = (
            "it has a header and no rows: add a row below it." if table else "its list is empty: add records."
        )
    elif not known and not table:
        problem = f"its first records are no objects ({head[0]})"
    else:
        problem = "" if form else mapping.problem(columns, noun)
    return Plan(columns, form, mapping, options.target, table, problem)


def _form(layout: Layout, name: str, head: list[Record]) -> Form | None:
    if not name:
        return recognise(head)
    for form in FORMS:
        if form.name == name:
            return form
    known = ", ".join(dict.fromkeys(form.name for form in FORMS))
    raise FactFormatError(layout.path, f"the form {name!r} is unknown: choose among {known}.")


def in_line(record: Record, length: int = 300) -> str:
    """The record's fields on one line, shortened."""
    shown = (f"{name}: {cell(value)}" for name, value in record.items() if value not in ("", None))
    return cut("; ".join(shown), length)


def cell(value: object, length: int = 80) -> str:
    """A value on one line, shortened; null is empty."""
    if value is None:
        return ""
    text = (value if isinstance(value, str) else str(value))[: length * 2]
    return cut(" ".join(text.split()), length)
