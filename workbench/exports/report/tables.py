"""The report's CSV files: every figure behind the page, for a spreadsheet or a script."""

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from workbench.editing.events import ModuleStep, StepApplied
from workbench.editing.kinds import settings_of
from workbench.evaluation.scores import PROTOCOLS, SCORES, Scores
from workbench.evaluation.titles import TITLES
from workbench.exports.report.contents import ReportContents
from workbench.exports.report.fact_table import Cell, fact_header, fact_rows
from workbench.facts.cells import neutralised
from workbench.models.progress import Watch

_ROWS_BETWEEN_LOOKS = 1_000

_NOT_OF_STEP = ("modules", "fact_success", "fact_loss")  # in modules.csv and facts.csv
_STEP_FIELDS = tuple(f.name for f in fields(StepApplied) if f.name not in _NOT_OF_STEP)
_MODULE_FIELDS = tuple(f.name for f in fields(ModuleStep) if f.name != "spectrum")


def write_tables(folder: Path, contents: ReportContents, watch: Watch) -> None:
    """Raises OSError and Cancelled."""
    for name, header, rows in _tables(contents):
        _write(folder / name, header, rows, watch)


def _tables(c: ReportContents) -> Iterator[tuple[str, Sequence[str], Iterable[Sequence[Cell]]]]:
    yield "metrics.csv", _STEP_FIELDS, ([getattr(s, name) for name in _STEP_FIELDS] for s in c.steps)
    yield "modules.csv", ("step", "module", *_MODULE_FIELDS), _module_rows(c)
    yield "scores.csv", ("step", "facts", *SCORES), ([s.step, *_scores(s.scores)] for s in c.scores)
    yield "protocols.csv", ("score", "title", "protocol"), ([n, TITLES[n], PROTOCOLS[n]] for n in TITLES)
    yield "retention.csv", ("scored_after_step", "step_of_facts", "es"), _retention_rows(c)
    yield "facts.csv", fact_header(), fact_rows(c)
    yield "settings.csv", ("setting", "label", "value", "unit", "symbol", "help"), _setting_rows(c)
    if c.adapters:
        yield (
            "lora.csv",
            ("rank", "kept_energy", "bytes", "facts", *SCORES),
            ([a.rank, a.kept, a.bytes, *_scores(a.scores)] for a in c.adapters),
        )


def _scores(scores: Scores) -> list[Cell]:
    return [scores.facts, *(getattr(scores, name) for name in SCORES)]


def _module_rows(c: ReportContents) -> Iterator[list[Cell]]:
    for step in c.steps:
        for name, module in step.modules.items():
            yield [step.step, name, *(getattr(module, field) for field in _MODULE_FIELDS)]


def _retention_rows(c: ReportContents) -> Iterator[list[Cell]]:
    for record in c.scored:
        for step, value in enumerate(record.retention, start=1):
            yield [record.step, step, float(value)]


def _setting_rows(c: ReportContents) -> Iterator[list[Cell]]:
    yield ["name", "Recipe", c.run.recipe.name, "", "", ""]
    for name, about, value in settings_of(c.run.recipe):
        yield [name, about.label, value, about.unit, about.symbol, about.help]


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]], watch: Watch) -> None:
    """UTF-8 with a byte order mark, which spreadsheets ask for."""
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for number, row in enumerate(rows):
            if number % _ROWS_BETWEEN_LOOKS == 0:
                watch.check()
            writer.writerow([_cell(value) for value in row])


def _cell(value: Cell) -> str:
    """Text that a spreadsheet would run is neutralised; what is not known is empty."""
    match value:
        case None:
            return ""
        case float():
            return "" if math.isnan(value) else repr(float(value))
        case str():
            return neutralised(value)
    return str(value)
