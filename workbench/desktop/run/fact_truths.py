"""What the runs behind the model found of a fact of the table."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from workbench.desktop.background import Background, Tell
from workbench.desktop.facts import FactsPanel
from workbench.desktop.facts.store.states import IntArray
from workbench.desktop.probe.truth import FactTruth
from workbench.desktop.run.controller import RunController
from workbench.desktop.workspace.keeper import SessionKeeper
from workbench.desktop.workspace.opened import events_of, places
from workbench.editing.events import Evaluated, StepApplied, StepSkipped
from workbench.editing.fact_events import history_of
from workbench.evaluation.explaining import score_reasons
from workbench.evaluation.fact_history import FactHistory
from workbench.facts.diagnosis import Neighbours, Reason
from workbench.facts.fact import Fact

if TYPE_CHECKING:
    from workbench.session.folder import Session

_GONE = Fact("", "")  # in place of a fact that is not in the table any more


@dataclass(frozen=True, slots=True)
class KnownRun:
    name: str
    rows: IntArray  # the table's row of each of its facts, −1 for none
    history: FactHistory
    neighbours: Neighbours | None  # None: not looked at yet

    def place_of(self, row: int) -> int:
        found = np.flatnonzero(self.rows == row)
        return int(found[0]) if len(found) else -1


@dataclass(frozen=True, slots=True)
class _Looked:
    """What the worker brings back. ``key``: what it was asked for."""

    key: object
    neighbours: Neighbours
    earlier: list[KnownRun]  # newest first


class FactTruths(QObject):
    """``of`` answers at once with what is known; ``changed`` tells when there is more."""

    changed = Signal()
    broke = Signal(str, object)  # what was tried, the exception

    def __init__(
        self, run: RunController, keeper: SessionKeeper, facts: FactsPanel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._run, self._keeper, self._facts = run, keeper, facts
        self._revision = 0  # of the table's facts
        self._found: _Looked | None = None
        self._searched: tuple[Fact, int, int] = (_GONE, -1, -1)  # fact, revision, row
        self._tokens: tuple[object, list[Reason]] = (None, [])
        self._looking = Background(self)
        self._looking.finished.connect(self._take)
        self._looking.failed.connect(self._fail)
        self._failed: object = None  # the key that could not be looked up
        self._held: IntArray | None = None  # so that its id, part of the key, is not given to another
        facts.facts_changed.connect(self.forget)
        run.changed.connect(self.changed)
        run.advanced.connect(self._follow)

    def of(self, fact: Fact) -> FactTruth | None:
        row = self._row_of(fact)
        if row < 0:
            return None
        looked = self._looked()
        progress, series = self._run.bridge.progress, self._run.bridge.series
        shown = KnownRun(
            _named(progress.run, series.name),
            self._run.states.rows,
            series.fact_history,
            looked.neighbours if looked else None,
        )
        for known in (shown, *(looked.earlier if looked else ())):
            if (place := known.place_of(row)) >= 0:
                return self._truth(fact, known, place)
        return None

    def close(self) -> None:
        """Before the window goes."""
        self._looking.close()

    def _row_of(self, fact: Fact) -> int:
        """The row under the cursor where it holds the fact, otherwise the first that does; −1 where none does."""
        facts = self._facts.facts.facts
        current = self._facts.facts_page.table.current_fact()
        if 0 <= current < len(facts) and facts[current] == fact:
            return current
        if self._searched[:2] != (fact, self._revision):
            row = next((i for i, other in enumerate(facts) if other is fact or other == fact), -1)
            self._searched = fact, self._revision, row
        return self._searched[2]

    def _truth(self, fact: Fact, known: KnownRun, place: int) -> FactTruth:
        record = known.history.of(place)
        reasons = [*score_reasons(record), *self._token_reasons(fact)]
        if known.neighbours is not None:
            reasons += known.neighbours.reasons(place)
        return FactTruth(record, known.name, place + 1, tuple(reasons))

    def _token_reasons(self, fact: Fact) -> list[Reason]:
        """A run may be encoding with the same tokenizer: then what was found before."""
        loaded = self._run.bench.loaded
        key = (fact, id(loaded))
        if loaded is None:
            return []
        if self._tokens[0] != key:
            if self._run.activity:
                return []
            from workbench.evaluation.token_reasons import token_reasons

            self._tokens = key, token_reasons(loaded.tokenizer, fact)
        return self._tokens[1]

    # Other facts and earlier runs, in a worker

    def _key(self) -> object:
        bench = self._run.bench
        return (
            self._revision,
            id(self._run.states.rows),
            self._run.bridge.progress.run,
            tuple(bench.chain),
            tuple(sorted(bench.cuts.items())),
        )

    def _looked(self) -> _Looked | None:
        """None while it is looked up."""
        key = self._key()
        if self._found is not None and self._found.key == key:
            return self._found
        if not self._looking.busy and self._failed != key:
            self._look(key)
        return None

    def _look(self, key: object) -> None:
        facts = tuple(self._facts.facts.facts)
        rows = self._held = self._run.states.rows
        session, shown = self._keeper.session, self._run.bridge.progress.run
        chain = [run for run in reversed(self._run.bench.chain) if run != shown]
        cuts = dict(self._run.bench.cuts)

        def work(_tell: Tell, cancel: Event) -> object:
            earlier = []
            for run in chain:
                if session is None or cancel.is_set():
                    break
                if known := _read(session, run, cuts.get(run), facts):
                    earlier.append(known)
            return _Looked(key, Neighbours([facts[i] if i >= 0 else _GONE for i in rows.tolist()]), earlier)

        self._looking.start(work)

    @Slot(object)
    def _take(self, looked: _Looked) -> None:
        self._found = looked
        self.changed.emit()

    @Slot(object)
    def _fail(self, error: Exception) -> None:
        """Not tried again for the same facts and runs."""
        self._failed = self._key()
        self.broke.emit("Reading what earlier runs found of the facts", error)

    @Slot()
    def forget(self) -> None:
        """The table's facts are others."""
        self._revision += 1
        self._looking.drop()
        self.changed.emit()

    @Slot(object)
    def _follow(self, events: Sequence[object]) -> None:
        if any(isinstance(event, (Evaluated, StepApplied, StepSkipped)) for event in events):
            self.changed.emit()


def _read(session: "Session", run: int, until: int | None, table: Sequence[Fact]) -> KnownRun | None:
    """None for a warm-up."""
    record = session.run(run)
    if not record.facts:
        return None
    facts = session.job(run).facts
    history = history_of(events_of(session, record, until))
    return KnownRun(_named(run, record.name), places(facts, table), history, Neighbours(facts))


def _named(run: int, name: str) -> str:
    return f"run {run}, {name}" if run and name else f"run {run}" if run else "this run"
