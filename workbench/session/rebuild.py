"""Any kept state again: the nearest checkpoint, then the steps after it in their order."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from workbench.editing.editor import Editor
from workbench.editing.kinds import make_editor
from workbench.editing.recipe import Recipe
from workbench.editing.shift import Shift
from workbench.editing.tracing import Traced
from workbench.errors import SessionError, StepDamaged
from workbench.evaluation.batching import Watch
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule
from workbench.session.factors import step_from, threads_of
from workbench.session.paths import CHECKPOINTS, STEPS
from workbench.session.records import ModelIdentity, Position, RunRecord, StepRecord
from workbench.session.runs_table import RunsTable
from workbench.session.state import fingerprint, load_state, state_tensors
from workbench.session.tensor_files import read_tensors

START = Position(editing=False, step=0)
_log = logging.getLogger("workbench")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """An editor in a kept state. ``bit_equal``: whether its fingerprint is the one that was kept; where it is not,
    another device, machine or version of torch rounded otherwise than the one that made the run."""

    editor: Editor
    run: RunRecord
    position: Position
    bit_equal: bool
    fingerprint: str


def rebuild(
    folder: Path,
    runs: RunsTable,
    loaded: LoadedModel,
    run: int,
    step: int | None = None,
    watch: Watch | None = None,
) -> Rebuilt:
    """``loaded`` holds the unedited weights and is edited in place. ``step``: an editing step, 0 for the state before
    the first; None: the last state kept. ``watch`` counts the steps done on the way. Raises SessionError and Cancelled;
    the model is unedited then."""
    record = runs.one(run)
    require_base(loaded, record)
    editor = make_editor(loaded, modules_of(loaded, record), record.recipe)
    return restore(folder, runs, editor, run, step, watch)


def restore(
    folder: Path,
    runs: RunsTable,
    editor: Editor,
    run: int,
    step: int | None = None,
    watch: Watch | None = None,
) -> Rebuilt:
    """As ``rebuild``, with an editor at hand that has the run's recipe and modules, whatever it has done so far."""
    record = runs.one(run)
    if record.parent is not None and step is not None and step < (record.parent_step or 0):
        return restore(folder, runs, editor, record.parent, step, watch)
    require_same_base(editor, record)
    steps = _steps_from_branch(runs, record)
    position = _wanted(record, steps, step)
    try:
        _go_to(folder, runs, editor, record, steps, position, watch or Watch())
    except BaseException:
        editor.restore()
        raise
    state = fingerprint(state_tensors(editor))
    wanted = next((s.fingerprint for s in steps if s.position == position), state)
    return Rebuilt(editor, record, position, state == wanted, state)


def require_base(loaded: LoadedModel, record: RunRecord) -> None:
    """Raises SessionError where the model is not the one that the run edited."""
    if loaded.sha256 != record.model.sha256:
        raise SessionError(
            f"{loaded.source} is not the model that the run edited ({record.model.source}, SHA-256 "
            f"{record.model.sha256[:12]}…, this one {loaded.sha256[:12]}…): load that one."
        )
    dtype = ModelIdentity.of(loaded).dtype
    if dtype != record.model.dtype:
        raise SessionError(
            f"The run edited {record.model.source} in {record.model.dtype} and it is loaded in {dtype}: load it in "
            f"{record.model.dtype}."
        )


def require_same_base(editor: Editor, record: RunRecord) -> None:
    """Raises SessionError where the editor took its base weights from a model that was edited before."""
    require_base(editor.loaded, record)
    if weights_fingerprint(editor) != record.model.weights:
        raise SessionError(
            f"The weights of {record.model.source} in memory are not the unedited ones that the run started from: "
            "load the model again."
        )


def weights_fingerprint(editor: Editor) -> str:
    return fingerprint(editor.model.base())


def modules_of(loaded: LoadedModel, record: RunRecord) -> tuple[EditableModule, ...]:
    by_name = {m.name: m for m in loaded.modules}
    missing = [name for name in record.modules if name not in by_name]
    if missing or not record.modules:
        raise SessionError(f"{loaded.source} has no module {', '.join(missing) or 'that the run names'}.")
    return tuple(by_name[name] for name in record.modules)


def under_recipe(folder: Path, runs: RunsTable, rebuilt: Rebuilt, recipe: Recipe) -> Editor:
    """The same state under another recipe, on the same model, whose former editor is of no use afterwards.
    Raises SessionError where it does not carry over; the model is unedited then."""
    old = rebuilt.editor
    tensors = {name: tensor.clone() for name, tensor in state_tensors(old).items()}
    old.restore()
    editor = make_editor(old.loaded, old.modules, recipe)
    load_state(editor, tensors)
    _remember_shifts(folder, runs, editor, rebuilt.run, rebuilt.position)
    return editor


def _steps_from_branch(runs: RunsTable, record: RunRecord) -> list[StepRecord]:
    """The run's own steps, after the one of its parent that it branched from."""
    own = runs.steps(record.id)
    if record.parent is None:
        return own
    at = Position(editing=True, step=record.parent_step or 0)
    return [s for s in _steps_from_branch(runs, runs.one(record.parent)) if s.position == at] + own


def _last_applied(runs: RunsTable, record: RunRecord, until: Position) -> StepRecord | None:
    """The newest editing step up to there that moved weights, those before a branch included."""
    applied = [
        s for s in runs.steps(record.id) if s.position.editing and not s.skipped and s.position <= until
    ]
    if applied or record.parent is None:
        return applied[-1] if applied else None
    until = min(until, Position(True, record.parent_step or 0))
    return _last_applied(runs, runs.one(record.parent), until)


def _wanted(record: RunRecord, steps: Sequence[StepRecord], step: int | None) -> Position:
    first = _first(record)
    warmed = max((s.position for s in steps if not s.position.editing), default=first)
    if step is None:
        return max((s.position for s in steps), default=first)
    if step == 0:
        return warmed
    position = Position(editing=True, step=step)
    if position != first and all(s.position != position for s in steps):
        raise SessionError(f"Run {record.id} has {record.steps_done:,} steps and none numbered {step:,}.")
    return position


def _first(record: RunRecord) -> Position:
    return START if record.parent is None else Position(editing=True, step=record.parent_step or 0)


def _go_to(
    folder: Path,
    runs: RunsTable,
    editor: Editor,
    record: RunRecord,
    steps: Sequence[StepRecord],
    position: Position,
    watch: Watch,
) -> None:
    watch.check()
    reached = _load_nearest(folder, runs, editor, record, position)
    left = [step for step in steps if reached < step.position <= position and not step.skipped]
    watch.done, watch.total = 0, len(left)
    for step in left:
        watch.check()
        _repeat(folder, editor, step, record.environment.threads)
        watch.advance(1)
    _remember_shifts(folder, runs, editor, record, position)


def _began_with_nothing(runs: RunsTable, record: RunRecord) -> bool:
    """Whether no step lies behind the state that a run began with, which is then kept nowhere."""
    if record.parent is not None and record.parent_step:
        return False
    while record.parent is not None:  # earlier versions branched before the step that the parent began at
        record = runs.one(record.parent)
        if any(not step.position.editing for step in runs.steps(record.id)):
            return False
    return True


def _load_nearest(
    folder: Path, runs: RunsTable, editor: Editor, record: RunRecord, position: Position
) -> Position:
    """Where the state now is. A checkpoint that cannot be read is passed over for an earlier one."""
    kept = sorted(
        (c for c in runs.checkpoints(record.id) if c.position <= position), key=lambda c: c.position
    )
    first = _first(record)
    for checkpoint in reversed(kept):
        try:
            load_state(editor, read_tensors(folder / CHECKPOINTS, checkpoint.file))
        except SessionError as error:
            if checkpoint.position == first:
                raise
            _log.warning("A checkpoint was passed over for an earlier one: %s", error)
            continue
        return checkpoint.position
    if not _began_with_nothing(runs, record):
        raise SessionError(
            f"Run {record.id} has lost the state that it branched from: restore the session from a copy."
        )
    editor.restore()
    if editor.keeps_precision:
        if record.recipe.protection > 0 and position > first:
            raise SessionError(
                f"Run {record.id} has lost its key protection: restore the session from a copy, or start from scratch."
            )
        if position > first:
            editor.protect({})
    return START


def _repeat(folder: Path, editor: Editor, step: StepRecord, threads: int) -> None:
    """The step as the run did it, without the model: rows into the statistics, factors into the weights. ``threads``:
    of the run, for a step that does not say its own."""
    try:
        tensors = read_tensors(folder / STEPS, step.file)
        shifts, traced = step_from(tensors, editor.modules, editor.loaded.device)
    except SessionError as error:
        raise _lost(error, step) from error
    with _threads(threads_of(tensors, threads)):
        editor.observe(traced)
        editor.apply(shifts, traced)


def retraced(
    folder: Path, runs: RunsTable, editor: Editor, run: int, watch: Watch
) -> Iterator[tuple[StepRecord, str]]:
    """Each of the run's own steps, repeated from the earliest state that is kept, and the fingerprint of the state
    after it. ``editor`` as for ``restore``. Raises SessionError."""
    record = runs.one(run)
    require_same_base(editor, record)
    first = min((c.position for c in runs.checkpoints(run)), default=_first(record))
    if not record.recipe.protection:
        first = _first(record)
    reached = _load_nearest(folder, runs, editor, record, first)
    if editor.keeps_precision and not editor.precisions:
        editor.protect({})
    steps = [step for step in runs.steps(run) if step.position > reached]
    watch.done, watch.total = 0, len(steps)
    for step in steps:
        watch.check()
        if not step.skipped:
            _repeat(folder, editor, step, record.environment.threads)
        yield step, fingerprint(state_tensors(editor))
        watch.advance(1)


def _remember_shifts(
    folder: Path, runs: RunsTable, editor: Editor, record: RunRecord, position: Position
) -> None:
    """What the next step compares its shifts with."""
    step = _last_applied(runs, record, position) if position.editing else None
    if step is None:
        return
    try:
        shifts, _ = read_step(folder, editor, step)
    except SessionError as error:
        _log.warning("The next step is compared with none: %s", error)
    else:
        editor.model.remember_last(shifts)


def _lost(error: SessionError, step: StepRecord) -> SessionError:
    """Only editing steps can be returned to."""
    if not step.position.editing:
        return error
    before = step.position.step - 1
    return StepDamaged(
        f"Step {before + 1:,} of run {step.run} cannot be read ({step.file.name}): continue from step "
        f"{before:,} (workbench ledger SESSION --branch {step.run}:{before}), or restore the session from a copy.",
        step.run,
        before,
    )


def read_step(folder: Path, editor: Editor, step: StepRecord) -> tuple[dict[str, Shift], Traced]:
    """What the run kept of it, on the editor's device. Raises SessionError."""
    return step_from(read_tensors(folder / STEPS, step.file), editor.modules, editor.loaded.device)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Sums are split by threads, and rounding follows the split."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
