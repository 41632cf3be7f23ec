"""``workbench compare``: runs of one session or of several, side by side."""

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import InputError

if TYPE_CHECKING:
    from workbench.session.compare import Compared

MOST_COLUMNS = 12  # of a retention matrix on a terminal
_WITH_RUN = re.compile(r"(.+):(\d+)")


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "compare",
        help="compare runs: settings that differ, scores, retention",
        description="Lists the settings that differ, the final scores beside those before the edits, and how the facts "
        "of each step held.",
    )
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="SESSION[:RUN]",
        help="a session folder and the number of a run; without a number every run of it that edited facts",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(command=compare_command)


def compare_command(options: argparse.Namespace) -> int:
    from workbench.plain import plain

    runs = [run for text in options.runs for run in _read(*session_and_run(text))]
    if options.json:
        print(json.dumps(plain(compared_as_dict(runs)), ensure_ascii=False))
    else:
        print(compared_text(runs))
    return 0


def session_and_run(text: str) -> tuple[Path, int | None]:
    """``PATH`` or ``PATH:RUN``; a path that exists as it stands is one."""
    found = _WITH_RUN.fullmatch(text)
    if found is None or Path(text).exists():
        return Path(text), None
    return Path(found[1]), int(found[2])


def _read(path: Path, run: int | None) -> "Iterator[Compared]":
    from workbench.session.compare import compared
    from workbench.session.folder import Session

    with Session.open(path, read_only=True) as session:
        wanted = [run] if run is not None else [r.id for r in session.runs() if r.steps_done]
        if not wanted:
            raise InputError(f"{path} has no run that edited facts: there is nothing to compare.")
        for number in wanted:
            yield compared(session, number)


def compared_as_dict(runs: "Sequence[Compared]") -> dict[str, Any]:
    from workbench.session.compare import differences, same_facts

    return {
        "runs": [_run_dict(run) for run in runs],
        "settings": {d.name: {"title": d.title, "values": list(d.values)} for d in differences(runs)},
        "same_facts": same_facts(runs),
    }


def _run_dict(run: "Compared") -> dict[str, Any]:
    record = run.record
    return {
        "session": str(run.session),
        "run": record.id,
        "name": record.name,
        "note": record.note,
        "reason": record.reason,
        "facts": record.facts,
        "facts_done": record.facts_done,
        "facts_digest": run.digest,
        "skipped": run.skipped,
        "steps": record.steps_done,
        "seconds": record.seconds,
        "recipe": asdict(record.recipe),
        "before": asdict(run.before) if run.before else None,
        "after": asdict(run.after) if run.after else None,
        "scored_step": run.scored_step,
        "retention": [
            {"step": step, "es": list(row)} for step, row in zip(run.scored_steps, run.retention, strict=True)
        ],
    }


def compared_text(runs: "Sequence[Compared]") -> str:
    from workbench.session.compare import same_facts

    parts = [_runs_text(runs), _settings_text(runs), _scores_text(runs)]
    if not same_facts(runs):
        parts.append("The runs were scored on different facts: their scores cannot be compared directly.")
    return "\n\n".join([*parts, *(_retention_text(run) for run in runs if run.retention)])


def _runs_text(runs: "Sequence[Compared]") -> str:
    return "\n".join(
        f"{_letter(i)}  {run.name}  {run.record.name} · {run.record.reason or 'going on'}, "
        f"{run.record.facts_done:,} of {run.record.facts:,} facts in {run.record.steps_done:,} steps, "
        f"{run.record.seconds:,.1f} s"
        for i, run in enumerate(runs)
    )


def _settings_text(runs: "Sequence[Compared]") -> str:
    from workbench.session.compare import differences

    rows = [(d.title, *d.values) for d in differences(runs)]
    if not rows:
        return "All settings are the same."
    return _table([("Settings that differ", *(_letter(i) for i in range(len(runs)))), *rows])


def _scores_text(runs: "Sequence[Compared]") -> str:
    from workbench.evaluation.titles import TITLES

    heading = ["Scores"]
    for i, run in enumerate(runs):
        heading += [f"{_letter(i)} unedited", f"step {run.scored_step:,}" if run.scored_step else "edited"]
    rows: list[tuple[str, ...]] = [tuple(heading)]
    for name, title in TITLES.items():
        values = [(run.before, run.after) for run in runs]
        rows.append((title, *(_figure(scores, name) for pair in values for scores in pair)))
    return _table(rows)


def _retention_text(run: "Compared") -> str:
    """Several steps share a column where there are many: their mean."""
    steps = len(run.retention[-1])
    several = -(-steps // MOST_COLUMNS)
    starts = range(0, steps, several)
    rows: list[tuple[str, ...]] = [
        (
            "after step",
            *(f"{s + 1}" if several == 1 else f"{s + 1}–{min(s + several, steps)}" for s in starts),
        )
    ]
    for step, row in zip(run.scored_steps, run.retention, strict=True):
        cells = (row[s : s + several] for s in starts)
        rows.append((f"{step:,}", *(f"{cell.mean():.2f}" if len(cell) else "" for cell in cells)))
    return f"Retention of {run.name}: ES of each step's facts\n{_table(rows)}"


def _figure(scores: Any, name: str) -> str:
    value = float("nan") if scores is None else float(getattr(scores, name))
    if value != value:
        return "–"
    return f"{value:.1f}" if name == "perplexity" else f"{value:.3f}"


def _letter(number: int) -> str:
    """A, B, …, Z, AA, AB, …"""
    return (_letter(number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(f"{cell:{'<' if i == 0 else '>'}{widths[i]}}" for i, cell in enumerate(row)).rstrip()
        for row in rows
    )
