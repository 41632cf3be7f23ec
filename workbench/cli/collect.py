"""A run's events gathered into the one object that ``run --json`` prints."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.editing.events import (
    EndReason,
    Evaluated,
    Event,
    ModuleStep,
    RunEnded,
    RunStarted,
    StepApplied,
    StepSkipped,
    WarmupProgressed,
)
from workbench.editing.fact_events import tell
from workbench.errors import Cancelled
from workbench.evaluation.before_after import Answer, Answers
from workbench.evaluation.fact_history import FactHistory
from workbench.evaluation.scores import Scores
from workbench.facts.fact import Fact

# What the result calls it → the field of ModuleStep.
_BY_STEP = {
    "shift_norm": "shift_norm",
    "weight_drift": "weight_drift",
    "cosine": "cosine_previous",
    "cosine_sum": "cosine_sum",
    "floored_share": "floored_share",
}


class RunReport:
    """Feed it every event; ``as_dict`` is complete after RunEnded."""

    def __init__(self, facts: Sequence[Fact], history: FactHistory | None = None) -> None:
        """``facts``: of the run; ``history``: what became of them before these events."""
        self._facts, self.history = facts, history or FactHistory()
        self.started: RunStarted | None = None
        self.ended: RunEnded | None = None
        self.warmup: list[WarmupProgressed] = []
        self.steps: list[StepApplied] = []
        self.skipped: list[StepSkipped] = []
        self.evaluations: list[Evaluated] = []

    def add(self, event: Event) -> None:
        tell(self.history, event)
        match event:
            case RunStarted():
                self.started = event
            case WarmupProgressed():
                self.warmup.append(event)
            case StepApplied():
                self.steps.append(event)
            case StepSkipped():
                self.skipped.append(event)
            case Evaluated():
                self.evaluations.append(event)
            case RunEnded():
                self.ended = event

    @property
    def before(self) -> Scores | None:
        """Of the unedited model: on all facts of the run, or on those of its first step where it ended there."""
        return next((e.scores for e in reversed(self.evaluations) if e.step == 0), None)

    @property
    def after(self) -> Scores | None:
        """At the last evaluation after a step; None where there was none."""
        return next((e.scores for e in reversed(self.evaluations) if e.step), None)

    @property
    def finished(self) -> bool:
        return self.ended is not None and self.ended.reason is EndReason.FINISHED

    def require_finished(self, session: Path) -> None:
        """Raises Cancelled, which says where the state is kept, where the run was stopped."""
        if not self.finished:
            message = self.ended.message if self.ended else "Stopped."
            raise Cancelled(f"{message} The session is {session}; workbench resume goes on with it.")

    def as_dict(self) -> dict[str, Any]:
        assert self.started is not None
        assert self.ended is not None
        editing = sum(s.seconds for s in self.steps)
        return {
            "facts": self.ended.facts_done,
            "steps": self.ended.steps_done,
            "ended": str(self.ended.reason),
            "message": self.ended.message,
            "seconds": self.ended.seconds,
            "edits_per_second": self.ended.facts_done / editing if editing else 0.0,
            "warmup": self._warmup(),
            "before": None if self.before is None else asdict(self.before),
            "after": None if self.after is None else asdict(self.after),
            "answers": [_answer(answer) for answer in Answers(self._facts, self.history)],
            "retention": self._retention(),
            "success": [_success(s) for s in self.steps],
            "skipped": [asdict(s) for s in self.skipped],
            "stability": self._stability(),
            "budget": self._budget(),
        }

    def _budget(self) -> dict[str, Any] | None:
        """As factors on the perplexity of ordinary text."""
        spending = self.steps[-1].spending if self.steps else None
        if spending is None:
            return None
        return {
            "allowed": math.exp(spending.allowed),
            "spent": math.exp(spending.spent),
            "by_step": [math.exp(s.spending.spent) for s in self.steps if s.spending],
            "shortened_steps": [s.step for s in self.steps if s.spending and s.spending.cut < 1],
            "pace": spending.pace,
            "tokens": spending.tokens,
        }

    def _warmup(self) -> dict[str, Any]:
        if not self.warmup:
            return {"facts": 0, "rows": 0, "rows_needed": self._rows_needed(), "weights_changed": False}
        last = self.warmup[-1]
        return {
            "facts": last.facts_done,
            "rows": last.rows,
            "rows_needed": last.rows_needed,
            "weights_changed": last.weights_changed,
            "seconds": sum(w.seconds for w in self.warmup),
        }

    def _rows_needed(self) -> int:
        return self.started.rows_needed if self.started else 0

    def _retention(self) -> list[dict[str, Any]]:
        """One entry per evaluation: ES of every step's facts at that time."""
        return [{"step": e.step, "es": e.retention.tolist()} for e in self.evaluations if len(e.retention)]

    def _stability(self) -> dict[str, dict[str, list[float]]]:
        names = self.started.modules if self.started else ()
        return {name: _by_step([s.modules[name] for s in self.steps]) for name in names}


def _by_step(steps: list[ModuleStep]) -> dict[str, list[float]]:
    return {key: [getattr(s, field) for s in steps] for key, field in _BY_STEP.items()}


def _answer(answer: Answer) -> dict[str, Any]:
    values = asdict(answer)
    number, state = values.pop("place") + 1, values.pop("fate").value
    return {"fact": number, **values, "state": state}


def _success(step: StepApplied) -> dict[str, float | int]:
    return {
        "step": step.step,
        "before": step.success_before,
        "after": step.success,
        "first_step": step.success_first,
        "loss": step.loss,
    }
