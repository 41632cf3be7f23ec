"""What a session tells of its runs, step by step, as plain values for a table."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from workbench.editing.events import ModuleStep, StepApplied, StepSkipped, WarmupProgressed
from workbench.editing.fact_events import tell
from workbench.evaluation.fact_history import FactHistory
from workbench.evaluation.scores import Scores
from workbench.session.folder import Session
from workbench.session.records import RunRecord, ScoreRecord, StepRecord

NAN = math.nan


@dataclass(frozen=True, slots=True)
class LedgerStep:
    run: int
    warming_up: bool
    step: int  # from 1 within its kind
    kept: str  # ISO 8601, UTC
    first_fact: int  # index into the run's facts, or its warm-up facts
    facts: int
    seconds: float = NAN
    before: float = NAN  # ES of the step's own facts just before it, 0 to 1; NaN in a warm-up
    after: float = NAN  # and just after it
    norms: Mapping[str, float] = field(default_factory=dict)  # module → ‖Δ‖_F
    skipped: str = ""  # why it was not applied; empty where it was
    fact: str = ""  # of a skipped step: where it showed
    module: str = ""
    scores: Scores | None = None  # where the model was scored right after it

    @property
    def norm(self) -> float:
        """‖Δ‖_F of all modules together; NaN where no weight moved."""
        return math.sqrt(sum(n * n for n in self.norms.values())) if self.norms else NAN


@dataclass(frozen=True, slots=True)
class LedgerRun:
    record: RunRecord
    steps: tuple[LedgerStep, ...]  # those of the warm-up, then the edits; of a branch its own
    unedited: Scores | None  # the model before any edit, on all facts of the run

    @property
    def skipped_facts(self) -> int:
        return sum(s.facts for s in self.steps if s.skipped and not s.warming_up)

    @property
    def last_scores(self) -> Scores | None:
        return next((s.scores for s in reversed(self.steps) if s.scores is not None), None)


def ledger(session: Session, run: int | None = None) -> list[LedgerRun]:
    """All runs, or one. Raises SessionError where there is no such run."""
    records = session.runs() if run is None else [session.run(run)]
    return [ledger_run(session, record) for record in records]


def ledger_run(session: Session, record: RunRecord) -> LedgerRun:
    scores = {kept.step: kept.scores for kept in session.scores(record.id)}
    steps = tuple(_entry(step, scores) for step in session.steps(record.id))
    return LedgerRun(record, steps, scores.get(0))


def entry_of(
    run: int, report: StepApplied | StepSkipped | WarmupProgressed, kept: str, number: int, first_fact: int
) -> LedgerStep:
    """As the run tells it. ``number`` and ``first_fact``: of a warm-up batch, which does not tell them itself."""
    match report:
        case StepApplied():
            return LedgerStep(
                run, False, report.step, kept, report.first_fact, report.facts, report.seconds,
                report.success_before, report.success, shift_norms(report.modules),
            )  # fmt: skip
        case StepSkipped():
            return LedgerStep(
                run, report.warming_up, report.step, kept, report.first_fact, report.facts, report.seconds,
                skipped=report.message, fact=report.fact, module=report.module,
            )  # fmt: skip
        case WarmupProgressed():
            return LedgerStep(
                run, True, number, kept, first_fact, report.facts_done - first_fact, report.seconds
            )


def shift_norms(modules: Mapping[str, ModuleStep]) -> dict[str, float]:
    return {name: step.shift_norm for name, step in modules.items()}


def skipped_facts(session: Session, run: int, until: int | None = None) -> int:
    """How many facts up to an editing step are not in the model, steps before a branch included."""
    return sum(
        step.facts
        for step in session.history(run)
        if step.skipped and step.position.editing and (until is None or step.position.step <= until)
    )


def scores_behind(session: Session, record: RunRecord) -> list[ScoreRecord]:
    """Of the unedited model on the run's facts, and of every evaluated step, those before a branch included: a replay
    leaves out only facts behind it."""
    own = session.scores(record.id)
    if record.parent is None:
        return own
    earlier = scores_behind(session, session.run(record.parent))
    kept = [s for s in earlier if 0 < s.step <= (record.parent_step or 0)]
    return [*(s for s in own if s.step == 0), *kept, *(s for s in own if s.step)]


def fact_history(session: Session, record: RunRecord) -> FactHistory:
    """What became of the run's facts, steps before a branch included."""
    found = FactHistory(record.recipe.form)
    for step in session.history(record.id):
        if step.position.editing:
            tell(found, step.report)
    for scored in scores_behind(session, record):
        found.add_scores(scored.step, scored.per_fact)
    return found


def _entry(step: StepRecord, scores: Mapping[int, Scores]) -> LedgerStep:
    position = step.position
    at_end = scores.get(position.step) if position.editing else None
    if step.report is None:
        why = "It was cut off before it was reported." if step.skipped else ""
        return LedgerStep(
            step.run, not position.editing, position.step, step.kept, step.first_fact, step.facts,
            skipped=why, scores=at_end,
        )  # fmt: skip
    told = entry_of(step.run, step.report, step.kept, position.step, step.first_fact)
    return with_scores(told, at_end)


def with_scores(step: LedgerStep, scores: Scores | None) -> LedgerStep:
    return step if scores is None else replace(step, scores=scores)
