"""Whether a session is what was written: database, facts, records, tensor files, and the states that they lead to."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from torch import Tensor

from workbench.editing.editor import Editor
from workbench.editing.kinds import make_editor
from workbench.errors import SessionError
from workbench.evaluation.batching import Watch
from workbench.models.loaded import LoadedModel
from workbench.session.database import Database
from workbench.session.facts_check import fact_count, fact_faults, runs_without_digest
from workbench.session.file_check import Widths, checkpoint_fault, step_fault
from workbench.session.lock import is_held, lock_holder
from workbench.session.paths import CHECKPOINTS, require_own, state_named
from workbench.session.rebuild import modules_of, require_base, retraced
from workbench.session.records import CheckpointRecord, Position, RunRecord, StepRecord
from workbench.session.runs_table import RunsTable
from workbench.session.state import fingerprint, load_state, state_tensors
from workbench.session.tensor_files import read_tensors

T = TypeVar("T")
Load = Callable[[RunRecord], LoadedModel]
_TINY = 1e-30
_FAR = 1e-2  # relative; rounding stays well below
_COPY = "restore the session from a copy"


@dataclass(frozen=True, slots=True)
class Verification:
    faults: tuple[str, ...]  # one sentence each: what is wrong, and what to do
    notes: tuple[str, ...]  # what could not be checked
    facts: int
    runs: int
    files: int
    states: int  # rebuilt and compared


def verify(folder: Path, load: Load | None = None, watch: Watch | None = None) -> Verification:
    """``load`` gives the unedited model of a run; None: states are not rebuilt. Raises SessionError where a part of
    the folder is a link, what ``load`` raises, and Cancelled; nothing is written."""
    require_own(folder)
    check = _Check(folder, watch or Watch())
    if is_held(folder):
        check.note(
            f"The session is in use by {lock_holder(folder)}: what that is writing may not be whole yet."
        )
    with check.noting():
        database = Database(folder, read_only=True)
        try:
            check.contents(database)
            check.runs(RunsTable(database))
            if load is not None:
                check.states(RunsTable(database), load)
        finally:
            database.close()
    return check.result()


@dataclass(frozen=True, slots=True)
class _Run:
    record: RunRecord
    steps: tuple[StepRecord, ...]
    checkpoints: tuple[CheckpointRecord, ...]


class _Check:
    def __init__(self, folder: Path, watch: Watch) -> None:
        self._folder, self._watch = folder, watch
        self._faults, self._notes = list[str](), list[str]()
        self._facts = self._files = self._states = 0
        self._runs = list[_Run]()
        self._damaged = set[int]()  # runs with a file that is not sound

    @contextmanager
    def noting(self) -> Iterator[None]:
        """A part that cannot be read is a fault, and the others are looked at all the same."""
        try:
            yield
        except SessionError as error:
            self._faults.append(str(error))

    def note(self, sentence: str) -> None:
        self._notes.append(sentence)

    def result(self) -> Verification:
        return Verification(
            tuple(dict.fromkeys(self._faults)),
            tuple(self._notes),
            self._facts,
            len(self._runs),
            self._files,
            self._states,
        )

    def contents(self, database: Database) -> None:
        with self.noting():
            self._faults += [f"The database is damaged ({what}): {_COPY}." for what in database.faults()]
        with self.noting():
            self._facts = fact_count(database)
            self._faults += fact_faults(database)
        earlier = runs_without_digest(database)
        if earlier:
            runs = ", ".join(map(str, earlier))
            self._notes.append(
                f"The facts of run {runs} carry no checksum of their order: an earlier version made it. Each fact's "
                "own text was checked."
            )

    def runs(self, table: RunsTable) -> None:
        for run in table.ids():
            with self.noting():
                record = table.one(run)
                table.job(run)
                table.scores(run)
                found = _Run(record, tuple(table.steps(run)), tuple(table.checkpoints(run)))
                self._runs.append(found)
                self._watch.total += len(found.steps) + len(found.checkpoints)
                self._check_files(table, found)

    def _check_files(self, table: RunsTable, run: _Run) -> None:
        widths: Widths = {}
        steps = {s.position: step_fault(self._folder, run.record, s, widths) for s in self._each(run.steps)}
        states = {c.position: checkpoint_fault(self._folder, c, widths) for c in self._each(run.checkpoints)}
        there = {c.position for c in table.checkpoints(run.record.id)}  # others were thinned out meanwhile
        states = {position: fault for position, fault in states.items() if position in there}
        advice = _advice(
            run, {p for p, f in steps.items() if f}, {p for p, f in states.items() if f}, self._folder
        )
        faults = [fault for fault in (*steps.values(), *states.values()) if fault]
        self._faults += [f"{fault}: {advice}." for fault in faults]
        if faults:
            self._damaged.add(run.record.id)

    def _each(self, files: Sequence[T]) -> Iterator[T]:
        for file in files:
            self._watch.check()
            self._files += 1
            yield file
            self._watch.advance(1)

    def states(self, table: RunsTable, load: Load) -> None:
        for run in self._runs:
            if run.record.id in self._damaged:
                self._notes.append(f"The states of run {run.record.id} were not rebuilt: see its files.")
                continue
            loaded = load(run.record)
            with self.noting():
                require_base(loaded, run.record)
                editor = make_editor(loaded, modules_of(loaded, run.record), run.record.recipe)
                try:
                    self._check_states(table, run, editor)
                finally:
                    editor.restore()

    def _check_states(self, table: RunsTable, run: _Run, editor: Editor) -> None:
        """Rounding depends on the processor: a step that leads to other last digits is damaged only where a later one
        of the run does not, or where its state is far from the one that a checkpoint holds."""
        kept = {c.position: c for c in run.checkpoints}
        for checkpoint in run.checkpoints:
            load_state(editor, self._kept_state(checkpoint))
            self._states += 1
            if fingerprint(state_tensors(editor)) != state_named(checkpoint.file.name):
                self._faults.append(
                    f"The checkpoint {checkpoint.file.name} is not the state that it names: {_COPY}."
                )
        differing = list[Position]()
        for step, state in retraced(self._folder, table, editor, run.record.id, self._watch):
            self._states += 1
            at = step.position
            if state == step.fingerprint:
                self._faults += [self._elsewhere(run, before) for before in differing]
                differing = []
            elif at in kept and _distance(state_tensors(editor), self._kept_state(kept[at])) > _FAR:
                self._faults.append(self._elsewhere(run, at))
            else:
                differing.append(at)
        if differing:
            self._notes.append(
                f"From {_title(differing[0])} of run {run.record.id} on states differ in their last digits: another "
                "processor, device or library rounded them when they were made."
            )

    def _kept_state(self, checkpoint: CheckpointRecord) -> dict[str, Tensor]:
        return read_tensors(self._folder / CHECKPOINTS, checkpoint.file)

    def _elsewhere(self, run: _Run, at: Position) -> str:
        title = f"{_title(at)} of run {run.record.id}"
        return f"{title[:1].upper()}{title[1:]} leads to another state than is noted for it: {_COPY}."


def _title(at: Position) -> str:
    return f"{'' if at.editing else 'warm-up '}step {at.step:,}"


def _distance(got: Mapping[str, Tensor], kept: Mapping[str, Tensor]) -> float:
    """The largest relative difference of one of the tensors."""
    if got.keys() != kept.keys():
        return math.inf
    differences = (
        float((got[name].cpu().double() - t.double()).norm() / t.double().norm().clamp_min(_TINY))
        for name, t in kept.items()
    )
    return max(differences, default=0.0)


def _advice(run: _Run, bad_steps: set[Position], bad_states: set[Position], folder: Path) -> str:
    """What is lost with those files, and where to continue."""
    lost = _lost(run, bad_steps, bad_states)
    if not lost:
        return "no state is lost, since other files lead to it, so that nothing needs to be done"
    first, last, record = min(lost), max(lost), run.record
    if not first.editing:
        return f"run {record.id} cannot be brought back: {_COPY}, or start a new run"
    steps = f"step {first.step:,}" if first == last else f"steps {first.step:,} to {last.step:,}"
    before = first.step - 1
    return (
        f"{steps} of run {record.id} cannot be brought back: continue from step {before:,} with workbench ledger "
        f"{folder} --branch {record.id}:{before}, or {_COPY}"
    )


def _lost(run: _Run, bad_steps: set[Position], bad_states: set[Position]) -> list[Position]:
    """The states that neither a checkpoint nor steps from one lead to."""
    kept = {c.position for c in run.checkpoints}
    first = (
        Position(True, run.record.parent_step or 0) if run.record.parent is not None else Position(False, 0)
    )
    sound = first not in bad_states
    lost = []
    for step in run.steps:
        at = step.position
        sound = (at in kept and at not in bad_states) or (sound and at not in bad_steps)
        if not sound:
            lost.append(at)
    if first in bad_states and not run.steps:
        lost.append(first)
    return lost
