"""A session: one folder that holds the facts, every run with its steps, and what leads back to any state."""

import json
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from workbench.editing.batches import last_step_before
from workbench.editing.editor import Editor
from workbench.editing.job import Done, Job
from workbench.editing.recipe import Recipe
from workbench.errors import DiskFull, SessionError
from workbench.evaluation.batching import Watch
from workbench.facts.fact import Fact
from workbench.models.files import whole_folder
from workbench.models.loaded import LoadedModel
from workbench.session import resume
from workbench.session.database import Database
from workbench.session.facts_check import require_sound_facts
from workbench.session.facts_table import FactKind, FactsTable
from workbench.session.keeping import Keeping
from workbench.session.lock import SessionLock
from workbench.session.opening import existing, in_words, is_same_file, lock, require_free, share
from workbench.session.paths import CHECKPOINTS, STEPS, file_prefix, require_own
from workbench.session.rebuild import START, Rebuilt, rebuild, restore, under_recipe, weights_fingerprint
from workbench.session.recorder import RunRecorder
from workbench.session.records import (
    ModelIdentity,
    Position,
    RunRecord,
    ScoreRecord,
    StepRecord,
    as_json,
    model_from,
)
from workbench.session.recovery import recover
from workbench.session.resume import GoingOn
from workbench.session.runs_table import RunsTable

_MODEL = "session.model"


class Session:
    """Open it with ``create`` or ``open`` and close it again; every method may be called from any thread.

    All raise SessionError for a folder that is damaged, foreign or read-only, and DiskFull; the session is then as
    it was before the call."""

    def __init__(
        self, folder: Path, database: Database, lock: SessionLock | None, keeping: Keeping, held_by: str = ""
    ) -> None:
        self.folder, self.keeping = folder, keeping
        self.held_by = (
            held_by  # who writes to it, where that keeps this opener from it: "process 4711 on bench"
        )
        self._database, self._lock = database, lock
        self._facts, self._runs = FactsTable(database), RunsTable(database)
        self.cut_off = recover(folder, self._runs) if lock else 0  # runs found without an end

    @classmethod
    def create(
        cls, path: Path, model: ModelIdentity | None = None, keeping: Keeping | None = None
    ) -> "Session":
        """A new folder at ``path``, whole or not at all; an empty folder may be there already."""
        folder = path.expanduser().absolute()
        require_free(folder)
        try:
            with whole_folder(folder, "The session") as partial:
                Database.create(partial).close()
                for name in (STEPS, CHECKPOINTS):
                    (partial / name).mkdir()
        except OSError as error:
            raise in_words(error, f"{folder} cannot be made") from error
        try:
            return cls._opened_new(folder, model, keeping)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @classmethod
    def _opened_new(cls, folder: Path, model: ModelIdentity | None, keeping: Keeping | None) -> "Session":
        session = cls.open(folder, keeping=keeping)
        try:
            if model is not None:
                session.set_model(model)
        except BaseException:
            session.close()
            raise
        return session

    @classmethod
    def open(cls, path: Path, read_only: bool = False, keeping: Keeping | None = None) -> "Session":
        """Read-only where asked for, where another program has it open, and where the folder cannot be written."""
        folder = existing(path)
        require_own(folder)
        held, held_by = (None, "") if read_only else lock(folder)
        try:
            return cls(folder, Database(folder, read_only=held is None), held, keeping or Keeping(), held_by)
        except BaseException:
            if held is not None:
                held.release()
            raise

    def close(self) -> None:
        self._database.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> "Session":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def read_only(self) -> bool:
        return self._lock is None

    @property
    def why_read_only(self) -> str:
        """What follows its name, where it could not be opened for writing."""
        return f"is in use by {self.held_by}" if self.held_by else "is in a place that cannot be written"

    def require_there(self) -> None:
        """Raises SessionMoved where the folder was moved or removed since it was opened."""
        self._database.require_there()

    def copy_to(self, path: Path) -> Path:
        """Another session with all that this one holds now; it is not opened. Files that never change are shared
        where the file system can."""
        target = path.expanduser().absolute()
        require_free(target)
        try:
            with whole_folder(target, "The copy of the session") as partial:
                self._database.copy_to(partial)
                for place, names in zip((STEPS, CHECKPOINTS), self._runs.files(), strict=True):
                    (partial / place).mkdir()
                    for name in names:
                        share(self.folder / place / name, partial / place / name)
        except OSError as error:
            raise in_words(error, f"{self.folder} cannot be copied to {target}") from error
        return target

    @property
    def changes(self) -> int:
        """The same as long as nothing is written."""
        return self._database.changes

    def holds_the_same(self, other: "Session") -> bool:
        """Facts, settings, runs and, byte for byte, the files of their steps and checkpoints."""
        if self._database.digest() != other._database.digest():
            return False
        return all(
            is_same_file(self.folder / place / name, other.folder / place / name)
            for place, names in zip((STEPS, CHECKPOINTS), self._runs.files(), strict=True)
            for name in names
        )

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is changed within it is kept as a whole or, where anything in it raises, not at all."""
        with self._database.transaction():
            yield

    def fact_count(self, kind: FactKind) -> int:
        return self._facts.count(kind)

    def facts(self, kind: FactKind, start: int = 0, count: int | None = None) -> list[Fact]:
        """``count`` facts from position ``start`` on; all that follow where it is None."""
        return self._facts.read(kind, start, count)

    def set_facts(self, kind: FactKind, facts: Iterable[Fact]) -> None:
        self._facts.replace(kind, facts)

    def splice_facts(self, kind: FactKind, start: int, removed: int, facts: Sequence[Fact] = ()) -> None:
        """``facts`` in place of ``removed`` ones from position ``start`` on."""
        self._facts.splice(kind, start, removed, facts)

    def setting(self, name: str, default: Any = None) -> Any:
        """Any JSON value."""
        found = self._database.rows("SELECT value FROM setting WHERE name = ?", (name,))
        try:
            return json.loads(found[0][0]) if found else default
        except ValueError as error:
            raise SessionError(f"The setting {name} of the session is damaged ({error}).") from error

    def set_setting(self, name: str, value: Any) -> None:
        with self._database.transaction() as transaction:
            transaction.run(
                "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, json.dumps(value))
            )

    @property
    def model(self) -> ModelIdentity | None:
        """The model that the person chose for it; each run tells its own."""
        found = self.setting(_MODEL)
        return None if found is None else model_from(found)

    def set_model(self, model: ModelIdentity) -> None:
        """Also where it was moved to: runs go by its SHA-256."""
        self.set_setting(_MODEL, as_json(model))

    def runs(self) -> list[RunRecord]:
        return self._runs.all()

    def run(self, run: int | None = None) -> RunRecord:
        """The newest where ``run`` is None. Raises SessionError where there is none."""
        if run is not None:
            return self._runs.one(run)
        runs = self._runs.all()
        if not runs:
            raise SessionError(
                f"{self.folder} has no run yet: start one first, in the window or by workbench run FACTS --model M "
                f"--session {self.folder}."
            )
        return runs[-1]

    def job(self, run: int) -> Job:
        """The facts and texts that the run was given."""
        return self._runs.job(run)

    def steps(self, run: int) -> list[StepRecord]:
        """Those of the warm-up, then the edits; of a branch its own."""
        return self._runs.steps(run)

    def facts_after(self, run: int, step: int) -> int:
        """How many of the run's facts are behind an editing step, those before a branch included."""
        return self._runs.facts_after(run, step)

    def step_sizes(self, run: int, until: int | None = None) -> tuple[int, ...]:
        """Facts of each editing step behind the run's state, or behind step ``until``."""
        edits = [step for step in self.history(run) if step.position.editing]
        return tuple(s.facts for s in edits if until is None or s.position.step <= until)

    def history(self, run: int) -> list[StepRecord]:
        """Every step behind the run's state, those before a branch included."""
        record, own = self._runs.one(run), self._runs.steps(run)
        if record.parent is None:
            return own
        until = Position(editing=True, step=record.parent_step or 0)
        return [step for step in self.history(record.parent) if step.position <= until] + own

    def facts_digest(self, run: int) -> str:
        """The same for runs that were given the same facts in the same order."""
        return self._runs.facts_digest(run)

    def scores(self, run: int) -> list[ScoreRecord]:
        return self._runs.scores(run)

    def name_run(self, run: int, name: str, note: str = "") -> None:
        self._runs.rename(run, name, note)

    def delete_run(self, run: int) -> None:
        """With its steps, for good. Refused where another run branched from it; not for one that is going on."""
        self._runs.delete(run)
        for place in (STEPS, CHECKPOINTS):
            for file in (self.folder / place).glob(f"{file_prefix(run)}*"):
                with suppress(OSError):
                    file.unlink()

    def start_run(
        self, editor: Editor, job: Job, name: str = "", note: str = "", parent: tuple[int, int] | None = None
    ) -> RunRecorder:
        """The sink for a ``Run`` of this editor and job. ``parent``: the run and editing step that it branches from,
        in whose state the editor is."""
        base = ModelIdentity.of(editor.loaded, weights_fingerprint(editor))
        run = self._runs.start(editor, job, base, name or editor.recipe.name, note, parent)
        at = START if parent is None else Position(editing=True, step=parent[1])
        facts = 0 if parent is None else self._runs.facts_after(*parent)
        try:
            return RunRecorder(self.folder, self._runs, run, editor, self.keeping, at, facts)
        except BaseException:
            with suppress(DiskFull, SessionError):
                self._runs.delete(run)
            raise

    def rebuild(
        self,
        model: LoadedModel | Editor,
        run: int | None = None,
        step: int | None = None,
        watch: Watch | None = None,
    ) -> Rebuilt:
        """An editor in the state after an editing step (0: before the first; None: the last kept) of a run (None: the
        newest). ``model``: unedited, or the editor that edited it, which is of no use afterwards; its weights are
        edited in place, and unedited where this raises, which may be Cancelled."""
        return rebuild(self.folder, self._runs, _unedited(model), self.run(run).id, step, watch)

    def rewind(self, editor: Editor, run: int | None = None, step: int | None = None) -> Rebuilt:
        """As ``rebuild`` with an editor at hand that has the run's recipe and modules."""
        return restore(self.folder, self._runs, editor, self.run(run).id, step)

    def resume(
        self,
        model: LoadedModel | Editor,
        run: int | None = None,
        on_error: str | None = None,
        skip_next: bool = False,
        watch: Watch | None = None,
    ) -> GoingOn:
        """What an unfinished run needs to go on, as if nothing had been between. ``model`` and ``watch`` as for
        ``rebuild``.
        ``on_error``: that setting of the recipe from here on; ``skip_next``: only of the step that comes next."""
        from workbench.session import lineage

        self._database.require_writable()
        record = self.run(run)
        resume.require_unfinished(record)
        if (later := lineage.built_upon(self, record.id)) is not None:
            raise SessionError(
                f"Run {later} began where run {record.id} stopped, and would no longer fit if that went on: branch run "
                f"{record.id} from its last step instead."
            )
        require_sound_facts(self._database, record.id)
        resume.drop_unprotected(self.folder, self._runs, record)
        rebuilt = self.rebuild(model, record.id, watch=watch)
        if on_error is not None:
            rebuilt.editor.recipe = record.recipe.with_(on_error=on_error)
        self._runs.go_on(record.id, rebuilt.editor.recipe)
        recorder = RunRecorder(
            self.folder,
            self._runs,
            record.id,
            rebuilt.editor,
            self.keeping,
            rebuilt.position,
            record.facts_done if rebuilt.position.editing else sum(s.facts for s in self.steps(record.id)),
            rebuilt.fingerprint if rebuilt.bit_equal else "",
        )
        history = self.history(record.id)
        done = resume.done_before(self.folder, self._runs, rebuilt, history)
        return GoingOn(
            rebuilt.editor,
            self.job(record.id),
            recorder,
            replace(done, skip_next=skip_next),
            rebuilt.bit_equal,
        )

    def branch(
        self,
        model: LoadedModel | Editor,
        run: int,
        step: int,
        recipe: Recipe | None = None,
        removed: Collection[int] = (),
        name: str = "",
        watch: Watch | None = None,
    ) -> GoingOn:
        """A new run that goes on from a step of another: with another recipe, or without the facts at the positions
        ``removed``, all of which lie behind that step."""
        self._database.require_writable()
        record = self.run(run)
        if recipe is not None:
            loaded = model.loaded if isinstance(model, Editor) else model
            recipe = resume.branch_recipe(record, step, recipe, loaded)
        if not removed:
            require_sound_facts(self._database, run)
        job = resume.without(self.job(run), removed)
        rebuilt = self.rebuild(model, run, step, watch)
        editor = rebuilt.editor
        if recipe is not None and recipe != record.recipe:
            editor = under_recipe(self.folder, self._runs, rebuilt, recipe)
        try:
            recorder = self.start_run(
                editor,
                job,
                name or f"{record.name}, from step {step}",
                parent=(self._holder(run, step), step),
            )
        except BaseException:
            editor.restore()
            raise
        done = Done(
            resume.warmup_steps(record),
            step,
            self.step_sizes(run, step),
            answered=True,
            scored=True,
            spending=resume.spending_after(self.history(run), step),
        )
        return GoingOn(editor, job, recorder, done, rebuilt.bit_equal)

    def _holder(self, run: int, step: int) -> int:
        """The run, of those that it branched from, which took that step or began behind it."""
        record = self.run(run)
        if record.parent is None or step >= (record.parent_step or 0):
            return run
        return self._holder(record.parent, step)

    def replay_without(
        self,
        model: LoadedModel | Editor,
        run: int,
        removed: Collection[int],
        name: str = "",
        watch: Watch | None = None,
    ) -> GoingOn:
        """A new run with the same recipe that never had the facts at those positions; what came before the first of
        them is taken over."""
        record = self.run(run)
        if not removed or not all(0 <= position < record.facts for position in removed):
            raise SessionError(f"Run {run} has {record.facts:,} facts: choose at least one of them.")
        step = last_step_before(removed, self.step_sizes(run))
        name = name or f"{record.name}, without {len(removed)}"
        return self.branch(model, run, step, removed=removed, name=name, watch=watch)


def _unedited(model: LoadedModel | Editor) -> LoadedModel:
    if isinstance(model, Editor):
        model.restore()
        return model.loaded
    return model
