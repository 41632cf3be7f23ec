"""What the ledger says of a run and of a step, column by column. No Qt."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from workbench.evaluation.scores import PROTOCOLS, Scores

if TYPE_CHECKING:
    from workbench.session.ledger import LedgerRun, LedgerStep
    from workbench.session.records import RunRecord

NAME, STATE, SUCCESS, NORM, FACTS, TIME, SAYS, CHAT, ES, GS, KEPT, PERPLEXITY = range(12)


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    about: str
    width: int
    figures: bool = True


COLUMNS = (
    Column(
        "Run and step", "Runs with their steps below them, those of the warm-up first.", 168, figures=False
    ),
    Column("State", "Where the model stands now, and what became of the step.", 96, figures=False),
    Column("Success", f"Of the step's own facts, just before and just after it. {PROTOCOLS['es']}", 98),
    Column("‖Δ‖", "Size of the shift of all edited modules together (Frobenius norm).", 58),
    Column("Facts", "Which of the run's facts, by number.", 82),
    Column("Time", "When it was on the disk, in this computer's time.", 84),
    Column("Says it", f"Of all facts so far. {PROTOCOLS['generated']}", 62),
    Column("Chat", f"Of all facts so far. {PROTOCOLS['generated_chat']}", 50),
    Column("ES", f"Of all facts so far, where the model was scored after the step. {PROTOCOLS['es']}", 50),
    Column("GS", PROTOCOLS["gs"], 50),
    Column("Kept", PROTOCOLS["locality_kept"], 54),
    Column("Perplexity", PROTOCOLS["perplexity"], 82),
)
_SCORES = {
    SAYS: "generated",
    CHAT: "generated_chat",
    ES: "es",
    GS: "gs",
    KEPT: "locality_kept",
    PERPLEXITY: "perplexity",
}


def run_text(run: "LedgerRun", column: int) -> str:
    record = run.record
    match column:
        case 0:
            return f"Run {record.id} · {record.name}"
        case 1:
            return record.reason or "going on"
        case 4:
            return f"{record.facts_done:,} of {record.facts:,}" if record.facts else f"{record.warmup:,}"
        case 5:
            return clock(record.started)
    return score_text(run.last_scores, column)


def step_text(step: "LedgerStep", column: int) -> str:
    match column:
        case 0:
            return f"Warm-up {step.step:,}" if step.warming_up else f"Step {step.step:,}"
        case 1:
            return "skipped" if step.skipped else ""
        case 2:
            return "" if math.isnan(step.after) else f"{step.before:.2f} → {step.after:.2f}"
        case 3:
            return "" if math.isnan(step.norm) else f"{step.norm:.3g}"
        case 4:
            return f"{step.first_fact + 1:,}–{step.first_fact + step.facts:,}"
        case 5:
            return clock(step.kept)
    return score_text(step.scores, column)


def run_tip(run: "LedgerRun", column: int) -> str:
    record = run.record
    if column in _SCORES:
        return f"{_was(run.unedited, column)}{PROTOCOLS[_SCORES[column]]}"
    lines = [f"Run {record.id}: {record.name}", branched_in_words(record), record.note, record.message]
    lines.append(f"Began {moment(record.started)}, {record.seconds:,.1f} s of work.")
    if run.skipped_facts:
        lines.append(f"{run.skipped_facts:,} facts were skipped and are not in the model.")
    if record.minibatch != record.recipe.minibatch:
        lines.append(
            f"Memory ran out: minibatches of {record.minibatch} in place of {record.recipe.minibatch}."
        )
    return "\n".join(line for line in lines if line)


def step_tip(step: "LedgerStep", column: int) -> str:
    if step.skipped:
        return f"Left out: {step.skipped}"
    if column == NORM and step.norms:
        return "\n".join(f"{name}: {norm:.4g}" for name, norm in step.norms.items())
    if column in _SCORES and step.scores is not None:
        return PROTOCOLS[_SCORES[column]]
    took = "" if math.isnan(step.seconds) else f", {step.seconds:,.2f} s"
    return f"Saved {moment(step.kept)}{took}."


def branched_in_words(record: "RunRecord") -> str:
    return (
        f"Goes on from step {record.parent_step:,} of run {record.parent}."
        if record.parent is not None
        else ""
    )


def score_text(scores: Scores | None, column: int) -> str:
    name = _SCORES.get(column)
    value = math.nan if scores is None or name is None else float(getattr(scores, name))
    if math.isnan(value):
        return ""
    return f"{value:,.1f}" if name == "perplexity" else f"{value:.2f}"


def clock(moment_utc: str) -> str:
    return _local(moment_utc, lambda at: at.strftime("%H:%M:%S"))


def moment(moment_utc: str) -> str:
    return _local(moment_utc, lambda at: at.strftime("%Y-%m-%d %H:%M:%S"))


def _local(text: str, said: Callable[[datetime], str]) -> str:
    try:
        return said(datetime.fromisoformat(text).astimezone())
    except ValueError:
        return text[:19]


def _was(unedited: Scores | None, column: int) -> str:
    text = score_text(unedited, column)
    return f"The unedited model had {text}. " if text else ""
