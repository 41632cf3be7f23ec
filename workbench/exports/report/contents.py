"""Everything a report says of one run, read from its session; no model is needed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from workbench.editing.events import Floats, StepApplied, StepSkipped, WarmupProgressed
from workbench.editing.fact_events import history_of
from workbench.errors import ExportError
from workbench.evaluation.fact_history import FactHistory
from workbench.evaluation.retention import Retention
from workbench.evaluation.scores import FactScores, Scores
from workbench.evaluation.token_reasons import token_reasons
from workbench.facts.diagnosis import Reason
from workbench.facts.fact import Fact
from workbench.models.loaded import LoadedModel
from workbench.models.progress import Watch
from workbench.session.folder import Session
from workbench.session.ledger import scores_behind
from workbench.session.records import RunRecord, ScoreRecord


@dataclass(frozen=True, slots=True)
class AdapterRow:
    """One line of the table of adapters."""

    rank: int
    kept: float  # share of the energy of all modules together
    bytes: int
    scores: Scores


@dataclass(frozen=True, slots=True)
class ReportContents:
    session: str  # its name
    run: RunRecord
    runs: tuple[RunRecord, ...]  # all of the session
    facts: tuple[Fact, ...] = field(repr=False)  # of the run
    warmup: tuple[WarmupProgressed, ...] = field(repr=False)
    steps: tuple[StepApplied, ...] = field(repr=False)
    skipped: tuple[StepSkipped, ...] = field(repr=False)  # of the edits
    scores: tuple[ScoreRecord, ...] = field(repr=False)  # step 0: the unedited model
    adapters: tuple[AdapterRow, ...] = ()
    token_reasons: tuple[Sequence[Reason], ...] = field(default=(), repr=False)  # of each fact, or ()

    @property
    def before(self) -> Scores | None:
        return self.scores[0].scores if self.scores and self.scores[0].step == 0 else None

    @property
    def after(self) -> Scores | None:
        """At the last scoring after a step."""
        return self.last.scores if self.last else None

    @property
    def last(self) -> ScoreRecord | None:
        return self.scores[-1] if self.scores and self.scores[-1].step else None

    @property
    def facts_skipped(self) -> int:
        return sum(s.facts for s in self.skipped)

    @property
    def scored(self) -> tuple[ScoreRecord, ...]:
        """After a step."""
        return tuple(s for s in self.scores if s.step)

    @property
    def modules(self) -> tuple[str, ...]:
        return self.run.modules

    def of_modules(self, name: str) -> Floats:
        """(modules, steps) of a field of ModuleStep; NaN where a step does not tell it."""
        nan = float("nan")
        return np.array(
            [
                [getattr(s.modules[m], name) if m in s.modules else nan for s in self.steps]
                for m in self.modules
            ]
        ).reshape(len(self.modules), len(self.steps))

    def retention(self) -> tuple[Floats, list[int]]:
        """(steps, E) success of each step's facts, and the E steps after which it was measured."""
        found = Retention()
        for record in self.scored:
            found.add(record.step, record.retention[: record.step])
        return found.matrix(), [int(step) for step in found.evaluated]

    def history(self) -> FactHistory:
        """Of the run's facts, by their place in it."""
        reports: list[StepApplied | StepSkipped] = [*self.steps, *self.skipped]
        reports.sort(key=lambda report: report.step)
        told = history_of(reports)
        told.form = self.run.recipe.form
        for record in self.scores:
            told.add_scores(record.step, record.per_fact)
        return told

    def with_model(self, loaded: LoadedModel, watch: Watch) -> "ReportContents":
        """And what the model's tokenizer says of the facts. Raises Cancelled."""
        found = []
        for fact in self.facts:
            watch.check()
            found.append(token_reasons(loaded.tokenizer, fact))
        return replace(self, token_reasons=tuple(found))

    def scores_of_facts(self) -> tuple[FactScores | None, FactScores | None]:
        """(unedited, at the last scoring), by the fact's place in the run."""
        first = self.scores[0].per_fact if self.before is not None else None
        return first, self.last.per_fact if self.last else None


def gather(session: Session, run: int | None = None) -> ReportContents:
    """Of a run with at least one editing step; None: the newest that has one. Raises ExportError, SessionError."""
    runs = session.runs()
    edited = [record for record in runs if record.steps_done]
    if not edited:
        raise ExportError(f"{session.folder.name} has no run with an editing step: edit some facts first.")
    record = session.run(run) if run is not None else edited[-1]
    if not record.steps_done:
        raise ExportError(f"Run {record.id} has no editing step: choose one of {_listed(edited)}.")
    history = [step.report for step in session.history(record.id)]
    return ReportContents(
        session=session.folder.stem,
        run=record,
        runs=tuple(runs),
        facts=tuple(session.job(record.id).facts),
        warmup=tuple(report for report in history if isinstance(report, WarmupProgressed)),
        steps=tuple(report for report in history if isinstance(report, StepApplied)),
        skipped=tuple(r for r in history if isinstance(r, StepSkipped) and not r.warming_up),
        scores=tuple(scores_behind(session, record)),
    )


def _listed(runs: Sequence[RunRecord]) -> str:
    return ", ".join(str(record.id) for record in runs)
