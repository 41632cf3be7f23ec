"""A session read for the window, in a worker: facts, what was done to them, curves of the last run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.desktop.facts import Batch, State, prepared
from workbench.desktop.facts.store.fact_list import AGAIN, UNTOUCHED
from workbench.desktop.facts.store.states import IntArray, StateArray
from workbench.desktop.run.fact_states import judged
from workbench.desktop.workspace.again import again_kept
from workbench.editing.fact_events import history_of
from workbench.facts.fact import Fact

if TYPE_CHECKING:
    from workbench.editing.recipe import Recipe
    from workbench.runner.events import RunnerEvent
    from workbench.session.folder import Session
    from workbench.session.keeping import Keeping
    from workbench.session.lineage import Chain
    from workbench.session.records import ModelIdentity, RunRecord

RECIPE, MODULES, PROMPT = "window/recipe", "window/modules", "window/prompt"


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
    steps: IntArray  # (facts,) as those of a FactList
    events: "list[RunnerEvent]" = field(default_factory=list)  # of the last run that edited, as if told again
    rows: IntArray = field(default_factory=lambda: np.empty(0, np.int64))  # its facts' places in the list
    unfinished: Unfinished | None = None
    prompt: str = ""
    cuts: dict[int, int] = field(default_factory=dict)  # run of the chain → step up to which it counts

    @property
    def edits(self) -> int:
        return int((self.steps >= 0).sum())

    @property
    def touched(self) -> IntArray:
        """Places of the facts that are not as they were before the first run."""
        return np.flatnonzero((self.steps != UNTOUCHED) | (self.states != State.NEW))


def open_session(path: Path, keeping: "Keeping | None" = None) -> Opened:
    """Raises SessionError, DiskFull."""
    from workbench.session.folder import Session

    session = Session.open(path, keeping=keeping)
    try:
        return read_session(session)
    except BaseException:
        session.close()
        raise


def read_session(session: "Session", stands: "Chain | None" = None) -> Opened:
    """As it stands, or as it would after another chain of runs."""
    from workbench.session.lineage import built_upon, standing

    stands = standing(session) if stands is None else stands
    facts, warmup = prepared(session.facts("edit")), prepared(session.facts("warmup"))
    records = {record.id: record for record in session.runs()}
    chain = [run for run in stands.runs if run in records]
    opened = Opened(
        session=session,
        facts=facts,
        warmup=warmup,
        chain=chain,
        recipe=recipe_kept(session) or (records[chain[-1]].recipe if chain else None),
        modules=str(session.setting(MODULES, "")),
        model=_model_of(session, records[chain[-1]].model if chain else None),
        states=np.full(len(facts), State.NEW, np.uint8),
        steps=np.full(len(facts), UNTOUCHED, np.int64),
        prompt=str(session.setting(PROMPT, "")),
        cuts=dict(stands.cuts),
    )
    again = again_kept(session, len(facts))
    for run in chain:
        _apply_run(opened, records[run], opened.cuts.get(run, records[run].steps_done))
        _take_back(opened, again.places, again.until(run, records))
    if chain and chain[-1] not in opened.cuts and built_upon(session, chain[-1]) is None:
        opened.unfinished = _unfinished(records[chain[-1]])
    return opened


def _model_of(session: "Session", edited: "ModelIdentity | None") -> "ModelIdentity | None":
    """The one that was edited, where it is by now; before any run the one that the person chose."""
    chosen = session.model
    if edited is None or (chosen is not None and chosen.sha256 == edited.sha256):
        return chosen
    return edited


def recipe_kept(session: "Session") -> "Recipe | None":
    """None where there is none, or one that this version does not allow."""
    from workbench.editing.recipe import Recipe
    from workbench.errors import SettingError

    values = session.setting(RECIPE)
    if not isinstance(values, dict):
        return None
    try:
        return Recipe.of_record(values)
    except (SettingError, TypeError):
        return None


def places(run_facts: Sequence[Fact], table: Sequence[Fact]) -> IntArray:
    """(run's facts,) where each is in the table, −1 where it is not; equal facts in their order."""
    found: dict[Fact, list[int]] = {}
    for place in range(len(table) - 1, -1, -1):
        found.setdefault(table[place], []).append(place)
    return np.array([found[f].pop() if found.get(f) else -1 for f in run_facts], np.int64)


def _apply_run(opened: Opened, record: "RunRecord", until: int) -> None:
    """Marks what it edited up to that step, and keeps its events in place of an earlier run's."""
    if not record.facts:
        return
    session = opened.session
    opened.events = events_of(session, record, until)
    rows = places(session.job(record.id).facts, opened.facts.facts)
    sizes = session.step_sizes(record.id, until)
    done = sum(sizes)
    steps = np.repeat(np.arange(len(sizes)) + 1, sizes)
    _mark(opened, rows[:done], np.full(done, State.EDITED, np.uint8), steps)
    scored, states = judged(history_of(opened.events).fates()[:done])
    _mark(opened, rows[scored], states)
    for step in session.history(record.id):
        if step.skipped and step.position.editing and step.position.step <= until:
            here = rows[step.first_fact : step.first_fact + step.facts]
            _mark(opened, here, np.full(len(here), State.SKIPPED, np.uint8), np.full(len(here), UNTOUCHED))
    opened.rows = rows


def _take_back(opened: Opened, places: IntArray, until: int) -> None:
    """What was edited up to that step, of the facts that are to be edited again."""
    here = places[(opened.steps[places] >= 0) & (opened.steps[places] <= until)]
    _mark(opened, here, np.full(len(here), State.NEW, np.uint8), np.full(len(here), AGAIN))


def _mark(opened: Opened, rows: IntArray, states: StateArray, steps: IntArray | None = None) -> None:
    """Of those of the rows that are in the table."""
    here = rows >= 0
    opened.states[rows[here]] = states[here]
    if steps is not None:
        opened.steps[rows[here]] = steps[here]


def events_of(session: "Session", record: "RunRecord", until: int | None = None) -> "list[RunnerEvent]":
    """What the run told up to a step, and before it those that it branched from, as far as it is kept."""
    from workbench.editing.batches import step_sizes
    from workbench.editing.events import Evaluated, RunStarted
    from workbench.runner.events import RunBegan
    from workbench.session.ledger import scores_behind

    until = record.steps_done if until is None else until
    facts, batch = session.job(record.id).facts, record.recipe.batch
    sizes = step_sizes(facts, batch, session.step_sizes(record.id))
    told: list[RunnerEvent] = [RunBegan(record.id, record.name, warming_up=False)]
    told.append(RunStarted(record.facts, 0, len(sizes), record.modules, 0, sizes, form=record.recipe.form))
    scores = {
        s.step: Evaluated(s.step, s.scores, s.per_fact, s.retention) for s in scores_behind(session, record)
    }
    if 0 in scores:
        told.append(scores[0])
    for step in session.history(record.id):
        if step.position.editing and step.position.step > until:
            break
        if step.report is not None:
            told.append(step.report)
        if step.position.editing and step.position.step in scores:
            told.append(scores[step.position.step])
    told.append(_end_of(record, until, session.facts_after(record.id, until)))
    return told


def _end_of(record: "RunRecord", until: int, done: int) -> "RunnerEvent":
    from workbench.editing.events import EndReason, RunEnded

    if until < record.steps_done:
        return RunEnded(EndReason.STOPPED, done, until, record.seconds, f"Rewound to step {until:,}.")
    if record.reason in list(EndReason):
        reason, message = EndReason(record.reason), record.message
    else:
        reason, message = EndReason.STOPPED, record.message or "It was cut off; every finished step is saved."
    return RunEnded(reason, record.facts_done, record.steps_done, record.seconds, message)


def _unfinished(record: "RunRecord") -> Unfinished | None:
    if record.reason in ("finished", None):
        return None
    return Unfinished(record.id, record.steps_done, record.reason == "interrupted", not record.facts)
