"""Runs, steps, checkpoints and scores in the database."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from workbench.editing.editor import Editor
from workbench.editing.events import Evaluated, Report, RunEnded
from workbench.editing.job import Job
from workbench.editing.recipe import Recipe
from workbench.errors import SessionError
from workbench.session.database import Database
from workbench.session.facts_table import FactsTable, forget_lists, keep_snapshot
from workbench.session.packing import (
    pack_answers,
    pack_floats,
    pack_report,
    pack_scores,
    unpack_floats,
    unpack_report,
    unpack_scores,
)
from workbench.session.records import (
    INTERRUPTED,
    CheckpointRecord,
    Environment,
    ModelIdentity,
    Position,
    RunRecord,
    ScoreRecord,
    StepRecord,
    as_json,
    environment_from,
    model_from,
    recipe_from,
)
from workbench.session.tensor_files import KeptFile
from workbench.storage.places import cache_folder

T = TypeVar("T")

_RUN = """SELECT id, name, note, recipe, modules, model, environment,
    (SELECT count(*) FROM entry WHERE list = run.facts), (SELECT count(*) FROM entry WHERE list = run.warmup),
    parent, parent_step, minibatch, started, ended, reason, message, seconds,
    max(coalesce(parent_step, 0), coalesce((SELECT max(step) FROM step WHERE run = run.id AND kind = 'edit'), 0))
    FROM run"""
_STEP = """SELECT run, kind, step, first_fact, facts, rows, file, bytes, sha256, fingerprint, kept, report, spectra
    FROM step"""
_IN_ORDER = "ORDER BY kind = 'edit', step"
_AT = "run = ? AND kind = ? AND step = ?"


class RunsTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    def require_there(self) -> None:
        """Raises SessionMoved where the session's folder is gone."""
        self._database.require_there()

    def start(
        self,
        editor: Editor,
        job: Job,
        model: ModelIdentity,
        name: str,
        note: str,
        parent: tuple[int, int] | None,
    ) -> int:
        """The id of a new run, with the facts as they are now."""
        recipe = editor.recipe
        warmup = () if recipe.warmup_mode == "none" else job.warmup[: recipe.warmup_facts]
        texts = {"ordinary": job.ordinary_text, "perplexity": job.perplexity_text}
        with self._database.transaction() as transaction:
            return transaction.run(
                "INSERT INTO run (name, note, recipe, modules, model, environment, texts, facts, warmup, parent, "
                "parent_step, minibatch, started, message, seconds) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,'',0)",
                (
                    name,
                    note,
                    as_json(recipe),
                    json.dumps([m.name for m in editor.modules]),
                    as_json(model),
                    as_json(Environment.of(editor.loaded)),
                    json.dumps(texts),
                    keep_snapshot(transaction, job.facts),
                    keep_snapshot(transaction, warmup),
                    *(parent or (None, None)),
                    recipe.minibatch,
                    now(),
                ),
            )

    def all(self) -> list[RunRecord]:
        return [self._record(row) for row in self._database.rows(f"{_RUN} ORDER BY id")]

    def ids(self) -> list[int]:
        """Also of those that cannot be read."""
        return [run for (run,) in self._database.rows("SELECT id FROM run ORDER BY id")]

    def one(self, run: int) -> RunRecord:
        rows = self._database.rows(f"{_RUN} WHERE id = ?", (run,)) if run.bit_length() < 64 else []
        if not rows:
            raise SessionError(f"The session has no run {run}: see its ledger for those it has.")
        return self._record(rows[0])

    def _record(self, row: Any) -> RunRecord:
        return _read(_run, (*row, self.facts_after(row[0], row[-1])))

    def facts_after(self, run: int, step: int) -> int:
        """How many of the run's facts are behind an editing step, those before a branch included."""
        at = "SELECT first_fact + facts FROM step WHERE run = ? AND kind = 'edit' AND step <= ? ORDER BY step DESC"
        if own := self._database.rows(f"{at} LIMIT 1", (run, step)):
            return int(own[0][0])
        found = self._database.rows(
            "SELECT parent, parent_step FROM run WHERE id = ? AND parent < id", (run,)
        )
        return self.facts_after(found[0][0], min(step, found[0][1] or 0)) if found else 0

    def job(self, run: int) -> Job:
        """What the run was given; texts that it sampled are looked for in this computer's own cache."""
        found = self._database.rows("SELECT facts, warmup, texts FROM run WHERE id = ?", (run,))
        facts = FactsTable(self._database)
        texts = _read(_texts, found[0])
        return Job(
            facts=facts.read_list(found[0][0]),
            warmup=facts.read_list(found[0][1]),
            ordinary_text=texts["ordinary"],
            perplexity_text=texts["perplexity"],
            text_cache=cache_folder() / "texts",
            row_cache=cache_folder() / "rows",
        )

    def facts_digest(self, run: int) -> str:
        """16 hexadecimal digits; the same for runs that were given the same facts in the same order."""
        found = self._database.rows("SELECT facts FROM run WHERE id = ?", (run,))
        return FactsTable(self._database).digest(found[0][0]) if found else ""

    def delete(self, run: int) -> None:
        """With its facts where no list holds them any more; its files are left to the caller."""
        self.one(run)
        with self._database.transaction() as transaction:
            if transaction.rows("SELECT 1 FROM run WHERE parent = ?", (run,)):
                raise SessionError(f"Other runs branched from run {run}: delete those first.")
            lists = transaction.rows("SELECT facts, warmup FROM run WHERE id = ?", (run,))[0]
            transaction.run("DELETE FROM run WHERE id = ?", (run,))
            forget_lists(transaction, lists)

    def rename(self, run: int, name: str, note: str) -> None:
        self.one(run)
        with self._database.transaction() as transaction:
            transaction.run("UPDATE run SET name = ?, note = ? WHERE id = ?", (name, note, run))

    def set_minibatch(self, run: int, minibatch: int) -> None:
        with self._database.transaction() as transaction:
            transaction.run("UPDATE run SET minibatch = ? WHERE id = ?", (minibatch, run))

    def end(self, run: int, event: RunEnded) -> None:
        with self._database.transaction() as transaction:
            transaction.run(
                "UPDATE run SET ended = ?, reason = ?, message = ?, seconds = seconds + ? WHERE id = ?",
                (now(), event.reason.value, event.message, event.seconds, run),
            )

    def go_on(self, run: int, recipe: Recipe) -> None:
        with self._database.transaction() as transaction:
            transaction.run(
                "UPDATE run SET ended = NULL, reason = NULL, message = '', recipe = ? WHERE id = ?",
                (as_json(recipe), run),
            )

    def mark_interrupted(self) -> int:
        """How many runs had no end; only for whoever holds the session's lock."""
        with self._database.transaction() as transaction:
            return transaction.run(
                "UPDATE run SET reason = ?, ended = coalesce((SELECT max(kept) FROM step WHERE run = run.id), started) "
                "WHERE reason IS NULL",
                (INTERRUPTED,),
            )

    def keep_step(self, step: StepRecord) -> None:
        with self._database.transaction() as transaction:
            transaction.run(
                "INSERT INTO step (run, kind, step, first_fact, facts, rows, file, bytes, sha256, fingerprint, kept, "
                "report, spectra) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *_at(step.run, step.position),
                    step.first_fact,
                    step.facts,
                    step.rows,
                    step.file.name,
                    step.file.bytes,
                    step.file.sha256,
                    step.fingerprint,
                    step.kept,
                    *(pack_report(step.report) if step.report else (None, None)),
                ),
            )

    def report(self, run: int, position: Position, report: Report) -> None:
        with self._database.transaction() as transaction:
            transaction.run(
                f"UPDATE step SET report = ?, spectra = ? WHERE {_AT}",
                (*pack_report(report), *_at(run, position)),
            )

    def steps(self, run: int) -> list[StepRecord]:
        """Those of the warm-up, then the edits; of a branch only its own."""
        return [
            _read(_step, row) for row in self._database.rows(f"{_STEP} WHERE run = ? {_IN_ORDER}", (run,))
        ]

    def drop_step(self, run: int, position: Position) -> None:
        """With what was found after it; its file is left to the caller."""
        with self._database.transaction() as transaction:
            transaction.run(f"DELETE FROM step WHERE {_AT}", _at(run, position))
            transaction.run(f"DELETE FROM checkpoint WHERE {_AT}", _at(run, position))
            if position.editing:
                transaction.run("DELETE FROM score WHERE run = ? AND step >= ?", (run, position.step))

    def keep_checkpoint(self, checkpoint: CheckpointRecord) -> None:
        with self._database.transaction() as transaction:
            file = checkpoint.file
            transaction.run(
                "INSERT OR REPLACE INTO checkpoint (run, kind, step, pinned, file, bytes, sha256) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    *_at(checkpoint.run, checkpoint.position),
                    checkpoint.pinned,
                    file.name,
                    file.bytes,
                    file.sha256,
                ),
            )

    def drop_checkpoint(self, run: int, position: Position) -> None:
        with self._database.transaction() as transaction:
            transaction.run(f"DELETE FROM checkpoint WHERE {_AT}", _at(run, position))

    def checkpoints(self, run: int | None = None) -> list[CheckpointRecord]:
        """Of one run, or of all."""
        rows = self._database.rows(
            "SELECT run, kind, step, pinned, file, bytes, sha256 FROM checkpoint WHERE run = ? OR ? IS NULL "
            f"{_IN_ORDER}",
            (run, run),
        )
        return [_read(_checkpoint, row) for row in rows]

    def keep_scores(self, run: int, event: Evaluated) -> None:
        answers = pack_answers(event.per_fact)
        with self._database.transaction() as transaction:
            transaction.run(
                "INSERT OR REPLACE INTO score (run, step, scores, fields, facts, per_fact, retention) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (run, event.step, *pack_scores(event.scores, event.per_fact), pack_floats(event.retention)),
            )
            if answers is not None:
                transaction.run(
                    "INSERT OR REPLACE INTO answer (run, step, written) VALUES (?, ?, ?)",
                    (run, event.step, answers),
                )

    def scores(self, run: int) -> list[ScoreRecord]:
        query = (
            "SELECT run, step, scores, fields, facts, per_fact, written, retention FROM score "
            "LEFT JOIN answer USING (run, step) WHERE run = ? ORDER BY step"
        )
        return [_read(_score, row) for row in self._database.rows(query, (run,))]

    def files(self) -> tuple[set[str], set[str]]:
        """Names of all step files and of all checkpoint files."""
        steps = self._database.rows("SELECT file FROM step")
        return {name for (name,) in steps}, {c.file.name for c in self.checkpoints()}


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _at(run: int, position: Position) -> tuple[int, str, int]:
    return run, position.kind, position.step


def _read(make: Callable[[Any], T], row: Any) -> T:
    with _in_words():
        return make(row)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise SessionError(
            f"An entry of the session is damaged ({error}): restore the session from a copy."
        ) from error


def _run(row: Any) -> RunRecord:
    (run, name, note, recipe, modules, model, environment, *rest) = row
    names = tuple(str(m) for m in json.loads(modules))
    if rest[2] is not None and rest[2] >= run:
        raise ValueError(f"run {run} branched from run {rest[2]}")
    return RunRecord(
        run, name, note, recipe_from(recipe), names, model_from(model), environment_from(environment), *rest
    )


def _texts(row: Any) -> dict[str, tuple[str, ...] | None]:
    texts = json.loads(row[2])
    return {
        kind: None if texts[kind] is None else tuple(str(t) for t in texts[kind])
        for kind in ("ordinary", "perplexity")
    }


def _step(row: Any) -> StepRecord:
    (run, kind, step, first_fact, facts, rows, name, size, sha256, fingerprint, kept, report, spectra) = row
    position = Position(kind == "edit", step)
    told = None if report is None else unpack_report(not position.editing, report, spectra or b"")
    return StepRecord(
        run, position, first_fact, facts, rows, KeptFile(name, size, sha256), fingerprint, kept, told
    )


def _checkpoint(row: Any) -> CheckpointRecord:
    run, kind, step, pinned, *file = row
    return CheckpointRecord(run, Position(kind == "edit", step), bool(pinned), KeptFile(*file))


def _score(row: Any) -> ScoreRecord:
    run, step, *packed, retention = row
    facts = int(packed[2])
    return ScoreRecord(run, step, *unpack_scores(*packed), unpack_floats(retention, min(facts, step)))
