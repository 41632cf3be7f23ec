"""A session read for the window, in a worker: facts, what was done to them, curves of the last run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.desktop.facts import Batch, State, prepared
from workbench.desktop.facts.store.states import IntArray, StateArray
from workbench.desktop.run.fact_states import IS_KEPT
from workbench.facts.fact import Fact

if TYPE_CHECKING:
    from workbench.editing.recipe import Recipe
    from workbench.runner.events import RunnerEvent
    from workbench.session.folder import Session
    from workbench.session.keeping import Keeping
    from workbench.session.records import ModelIdentity, RunRecord

CHAIN, RECIPE, MODULES, PROMPT = "window/chain", "window/recipe", "window/modules", "window/prompt"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The last run of the chain, where it can go on."""

    run: int
    step: int
    interrupted: bool  # cut off by a crash, not stopped by the person
    warming_up: bool


@dataclass(slots=True)
class Opened:
    session: "Session"
    facts: Batch
    warmup: Batch
    chain: list[int]
    recipe: "Recipe | None"
    modules: str
    model: "ModelIdentity | None"
    states: StateArray  # (facts,)
    steps: IntArray  # (facts,)
    events: "list[RunnerEvent]" = field(default_factory=list)  # of the last run that edited, as if told again
    rows: IntArray = field(default_factory=lambda: np.empty(0, np.int64))  # its facts' places in the list
    unfinished: Unfinished | None = None
    prompt: str = ""

    @property
    def edits(self) -> int:
        return int((self.steps >= 0).sum())


def open_session(path: Path, keeping: "Keeping | None" = None) -> Opened:
    """Raises SessionError, DiskFull."""
    from workbench.session.folder import Session

    session = Session.open(path, keeping=keeping)
    try:
        return read_session(session)
    except BaseException:
        session.close()
        raise


def read_session(session: "Session") -> Opened:
    facts, warmup = prepared(session.facts("edit")), prepared(session.facts("warmup"))
    records = {record.id: record for record in session.runs()}
    kept: Any = session.setting(CHAIN)
    chain = [run for run in (records if kept is None else kept) if run in records]
    opened = Opened(
        session=session,
        facts=facts,
        warmup=warmup,
        chain=chain,
        recipe=recipe_kept(session),
        modules=str(session.setting(MODULES, "")),
        model=session.model,
        states=np.full(len(facts), State.NEW, np.uint8),
        steps=np.full(len(facts), -1, np.int64),
        prompt=str(session.setting(PROMPT, "")),
    )
    for run in chain:
        _apply_run(opened, records[run])
    if chain:
        opened.unfinished = _unfinished(records[chain[-1]])
    return opened


def recipe_kept(session: "Session") -> "Recipe | None":
    """None where there is none, or one that this version does not allow."""
    from workbench.editing.recipe import Recipe
    from workbench.errors import SettingError

    values = session.setting(RECIPE)
    if not isinstance(values, dict):
        return None
    try:
        return Recipe(**values)
    except (SettingError, TypeError):
        return None


def places(run_facts: Sequence[Fact], table: Sequence[Fact]) -> IntArray:
    """(run's facts,) where each is in the table, −1 where it is not; equal facts in their order."""
    found: dict[Fact, list[int]] = {}
    for place in range(len(table) - 1, -1, -1):
        found.setdefault(table[place], []).append(place)
    return np.array([found[f].pop() if found.get(f) else -1 for f in run_facts], np.int64)


def _apply_run(opened: Opened, record: "RunRecord") -> None:
    """Marks what it edited, and keeps its events in place of an earlier run's."""
    if not record.facts:
        return
    job = opened.session.job(record.id)
    rows = places(job.facts, opened.facts.facts)
    done = rows[: record.facts_done]
    here = done >= 0
    step_of = np.arange(len(done)) // record.recipe.batch + 1
    opened.steps[done[here]] = step_of[here]
    opened.states[done[here]] = State.EDITED
    scores = [s for s in opened.session.scores(record.id) if s.step]
    if scores:
        exact = scores[-1].per_fact.exact
        scored = rows[: len(exact)]
        known = scored >= 0
        kept = np.where(exact[: len(scored)] >= IS_KEPT, State.KEPT, State.LOST).astype(np.uint8)
        opened.states[scored[known]] = kept[known]
    opened.rows = rows
    opened.events = events_of(opened.session, record)


def events_of(session: "Session", record: "RunRecord") -> "list[RunnerEvent]":
    """What the run told, as far as it is kept."""
    from workbench.editing.events import EndReason, Evaluated, RunEnded, RunStarted
    from workbench.runner.events import RunBegan

    steps = -(-record.facts // record.recipe.batch)
    told: list[RunnerEvent] = [RunBegan(record.id, record.name, warming_up=False)]
    told.append(RunStarted(record.facts, 0, steps, record.modules, 0))
    scores = {s.step: Evaluated(s.step, s.scores, s.per_fact, s.retention) for s in session.scores(record.id)}
    if 0 in scores:
        told.append(scores[0])
    for step in session.steps(record.id):
        if step.report is not None:
            told.append(step.report)
        if step.position.editing and step.position.step in scores:
            told.append(scores[step.position.step])
    reason = EndReason(record.reason) if record.reason in list(EndReason) else EndReason.STOPPED
    message = record.message or (
        "It was cut off; every whole step is kept." if record.reason not in list(EndReason) else ""
    )
    told.append(RunEnded(reason, record.facts_done, record.steps_done, record.seconds, message))
    return told


def _unfinished(record: "RunRecord") -> Unfinished | None:
    if record.reason in ("finished", None):
        return None
    return Unfinished(record.id, record.steps_done, record.reason == "interrupted", not record.facts)
