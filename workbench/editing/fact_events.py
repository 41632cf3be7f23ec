"""What a run's events tell of its single facts. Needs no torch."""

from collections.abc import Iterable

from workbench.editing.events import Evaluated, RunStarted, StepApplied, StepSkipped
from workbench.evaluation.fact_history import FactHistory


def tell(history: FactHistory, event: object) -> None:
    """Passes over events that say nothing of facts."""
    match event:
        case RunStarted() if event.facts:
            history.form = event.form
        case StepApplied():
            history.add_step(event.step, event.first_fact, event.facts, event.fact_success, event.fact_loss)
        case StepSkipped() if not event.warming_up:
            history.add_skipped(event.step, event.first_fact, event.facts)
        case Evaluated():
            history.add_scores(event.step, event.per_fact)


def history_of(events: Iterable[object]) -> FactHistory:
    history = FactHistory()
    for event in events:
        tell(history, event)
    return history
