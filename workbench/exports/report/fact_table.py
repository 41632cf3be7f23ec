"""Each fact of the run as a row: what became of it, its scores before and after, how they went, and why."""

import math
from collections.abc import Iterator, Sequence

from workbench.evaluation.explaining import score_reasons
from workbench.evaluation.fact_history import FactRecord, Fate, Moment
from workbench.evaluation.scores import FACT_NUMBERS
from workbench.exports.report.contents import ReportContents
from workbench.facts.cells import joined
from workbench.facts.diagnosis import Neighbours, Reason

Cell = str | int | float | bool | None
WROTE = ("wrote_before", "wrote_after", "wrote_chat_before", "wrote_chat_after")


def fact_header() -> list[str]:
    """``es_by_step`` and ``loss_by_step``: ``0:0.000 3:1.000``, of the unedited model (0), right after the fact's own
    step, and after every step at which the run was scored."""
    scores = [f"{name}_{when}" for when in ("before", "after") for name in FACT_NUMBERS]
    said = ["fact", "step", "state", "prompt", "target", "subject", "old", "rephrases", "tags"]
    history = ["es_at_step", "loss_at_step", "es_by_step", "loss_by_step"]
    return [*said, *WROTE, *scores, *history, "causes", "reasons"]


def fact_rows(c: ReportContents) -> Iterator[list[Cell]]:
    history, neighbours = c.history(), Neighbours(c.facts)
    for i, fact in enumerate(c.facts):
        record = history.of(i)
        reasons = reasons_of(c, record, neighbours, i)
        yield [
            i + 1,
            record.step or None,
            state_of(c, record, i),
            *(fact.prompt, fact.target, fact.subject, fact.old, joined(fact.rephrases), joined(fact.tags)),
            *(record.wrote_before.plain, record.wrote.plain, record.wrote_before.chat, record.wrote.chat),
            *(record.before.get(name) for name in FACT_NUMBERS),
            *(record.after.get(name) for name in FACT_NUMBERS),
            record.at_edit.es if record.at_edit else None,
            record.at_edit.loss if record.at_edit else None,
            _by_step(record.trace, [moment.es for moment in record.trace]),
            _by_step(record.trace, [moment.loss for moment in record.trace]),
            joined([reason.cause.value for reason in reasons]),
            " ".join(reason.sentence for reason in reasons),
        ]


def reasons_of(c: ReportContents, record: FactRecord, neighbours: Neighbours, place: int) -> list[Reason]:
    """Those of its tokens only where a model was at hand."""
    tokens = c.token_reasons[place] if place < len(c.token_reasons) else ()
    return [*score_reasons(record), *tokens, *neighbours.reasons(place)]


def state_of(c: ReportContents, record: FactRecord, place: int) -> str:
    """A step that was cut off before it was told is in the model all the same."""
    cut_off = record.fate is Fate.NEW and place < c.run.facts_done
    return (Fate.EDITED if cut_off else record.fate).value


def _by_step(moments: Sequence[Moment], values: Sequence[float]) -> str:
    known = [(m.step, value) for m, value in zip(moments, values, strict=True) if math.isfinite(value)]
    return " ".join(f"{step}:{value:.3f}" for step, value in known)
