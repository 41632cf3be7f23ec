"""A session's ledger as text and as one object."""

import math
from dataclasses import asdict
from typing import Any

from workbench.errors import SessionError
from workbench.evaluation.explaining import wrote_in_words
from workbench.evaluation.fact_history import FactRecord, Fate
from workbench.evaluation.scores import Scores
from workbench.facts.fact import Fact
from workbench.plain import plain
from workbench.session.folder import Session
from workbench.session.ledger import LedgerRun, LedgerStep, fact_history, ledger
from workbench.session.lineage import standing
from workbench.session.records import RunRecord

HEADINGS = (
    "step",
    "time (UTC)",
    "facts",
    "seconds",
    "‖Δ‖",
    "ES before",
    "ES after",
    "says",
    "chat",
    "ES",
    "GS",
    "kept",
    "ppl",
)
_FIRST_SCORE = HEADINGS.index("says")
WIDTHS = (8, 19, 13, 8, 9, 9, 9, 6, 6, 6, 6, 6, 8)


def ledger_text(session: Session, run: int | None = None, step: int | None = None) -> str:
    runs = ledger(session, run)
    if not runs:
        return f"{session.folder} has no run yet."
    parts = [_run_text(entry) for entry in runs]
    if step is not None and run is not None:
        parts.append(_facts_text(session, runs[0].record, step))
    return "\n\n".join([*parts, _standing_text(session)])


def ledger_as_dict(session: Session, run: int | None = None, step: int | None = None) -> dict[str, Any]:
    runs = ledger(session, run)
    stands = standing(session)
    told: dict[str, Any] = {
        "session": str(session.folder),
        "standing": {"runs": list(stands.runs), "cuts": {str(r): s for r, s in stands.cuts.items()}},
        "runs": [_run_dict(entry) for entry in runs],
    }
    if step is not None and run is not None:
        told["facts"] = [
            {
                "number": number,
                "prompt": fact.prompt,
                "target": fact.target,
                "state": now.fate.value,
                "wrote": now.wrote.plain,
                "wrote_chat": now.wrote.chat,
            }
            for number, fact, now in facts_of_step(session, runs[0].record, step)
        ]
    result: dict[str, Any] = plain(told)
    return result


def facts_of_step(session: Session, record: RunRecord, step: int) -> list[tuple[int, Fact, FactRecord]]:
    """Numbered from 1 within the run, with what became of each. Raises SessionError where the run has no such step."""
    if not 1 <= step <= record.steps_done:
        raise SessionError(f"Run {record.id} has {record.steps_done:,} steps and none numbered {step:,}.")
    first, end = (session.facts_after(record.id, at) for at in (step - 1, step))
    facts, history = session.job(record.id).facts, fact_history(session, record)
    return [(i + 1, facts[i], history.of(i)) for i in range(first, end)]


def _run_text(entry: LedgerRun) -> str:
    record = entry.record
    branched = f", from step {record.parent_step:,} of run {record.parent}" if record.parent else ""
    ended = record.reason or "going on"
    lines = [
        f"Run {record.id}: {record.name}{branched} · {ended}, {record.facts_done:,} of {record.facts:,} facts, "
        f"{record.seconds:,.1f} s"
    ]
    lines += [f"  {record.note}"] if record.note else []
    lines += [f"  {record.message}"] if record.message else []
    if record.minibatch != record.recipe.minibatch:
        lines.append(
            f"  Memory ran out: minibatches of {record.minibatch} in place of {record.recipe.minibatch}."
        )
    if entry.skipped_facts:
        lines.append(f"  {entry.skipped_facts:,} facts were skipped and are not in the model.")
    lines.append(_row(HEADINGS))
    if entry.unedited is not None:
        lines.append(_row(("unedited", *[""] * 6, *_scores(entry.unedited))))
    return "\n".join([*lines, *(line for step in entry.steps for line in _step_lines(step))])


def _step_lines(step: LedgerStep) -> list[str]:
    name = f"w {step.step:,}" if step.warming_up else f"{step.step:,}"
    facts = f"{step.first_fact + 1:,}–{step.first_fact + step.facts:,}"
    figures = (_figure(step.norm, ".3g"), _figure(step.before, ".3f"), _figure(step.after, ".3f"))
    line = _row((name, step.kept[:19].replace("T", " "), facts, _figure(step.seconds, ".2f"), *figures,
                 *_scores(step.scores)))  # fmt: skip
    return [line, f"{'':10}skipped: {step.skipped}"] if step.skipped else [line]


def _scores(scores: Scores | None) -> tuple[str, ...]:
    if scores is None:
        return ("",) * (len(HEADINGS) - _FIRST_SCORE)
    shown = (scores.generated, scores.generated_chat, scores.es, scores.gs, scores.locality_kept)
    shares = (_figure(value, ".3f") for value in shown)
    return (*shares, _figure(scores.perplexity, ".1f"))


def _row(cells: tuple[str, ...]) -> str:
    return "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def _figure(value: float, form: str) -> str:
    return "–" if math.isnan(value) else format(value, form)


def _facts_text(session: Session, record: RunRecord, step: int) -> str:
    lines = [f"Facts of step {step:,} of run {record.id}"]
    for number, fact, now in facts_of_step(session, record, step):
        lines.append(f"{number:>8,}  {_line(fact.prompt)} → {_line(fact.target)}  ({now.fate.value})")
        if now.fate is not Fate.SAID and (wrote := wrote_in_words(now.wrote)):
            lines.append(f"{'':10}{_line(wrote)}")
    return "\n".join(lines)


def _line(text: str) -> str:
    """On one line, and no control character reaches the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def _standing_text(session: Session) -> str:
    stands = standing(session)
    if not stands.runs:
        return "The session stands at the unedited model."
    last = stands.runs[-1]
    record = session.run(last)
    at = stands.cut(last)
    if at is not None:
        return f"The session stands after step {at:,} of run {last}, which has {record.steps_done:,}."
    return f"The session stands at the end of run {last}."


def _run_dict(entry: LedgerRun) -> dict[str, Any]:
    record = entry.record
    return {
        "run": record.id,
        "name": record.name,
        "note": record.note,
        "parent": record.parent,
        "parent_step": record.parent_step,
        "started": record.started,
        "ended": record.ended,
        "reason": record.reason,
        "message": record.message,
        "seconds": record.seconds,
        "facts": record.facts,
        "facts_done": record.facts_done,
        "skipped_facts": entry.skipped_facts,
        "minibatch": record.minibatch,
        "model": asdict(record.model),
        "recipe": asdict(record.recipe),
        "unedited": asdict(entry.unedited) if entry.unedited else None,
        "steps": [_step_dict(step) for step in entry.steps],
    }


def _step_dict(step: LedgerStep) -> dict[str, Any]:
    return {
        "kind": "warmup" if step.warming_up else "edit",
        "step": step.step,
        "time": step.kept,
        "first_fact": step.first_fact + 1,
        "facts": step.facts,
        "seconds": step.seconds,
        "shift_norm": step.norm,
        "shift_norms": dict(step.norms),
        "success_before": step.before,
        "success": step.after,
        "skipped": step.skipped or None,
        "skipped_at": {"fact": step.fact, "module": step.module} if step.skipped else None,
        "scores": asdict(step.scores) if step.scores else None,
    }
