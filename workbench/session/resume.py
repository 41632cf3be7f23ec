"""Going on with a run that was stopped or cut off, branching one, and replaying one without some of its facts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from workbench.editing.editor import Editor
from workbench.editing.job import Done, Job
from workbench.editing.recipe import Recipe
from workbench.errors import SessionError
from workbench.session.packing import Report
from workbench.session.recorder import RunRecorder
from workbench.session.records import RunRecord, StepRecord


@dataclass(frozen=True, slots=True)
class GoingOn:
    """All that a ``Run`` takes: ``Run(editor, job, control, recorder, done)``."""

    editor: Editor
    job: Job
    recorder: RunRecorder
    done: Done
    bit_equal: (
        bool  # False: rounded otherwise than where the run began; results may differ in the last digits
    )


def to_do_again(
    steps: Sequence[StepRecord], run: RunRecord, scored: Collection[int], has_checkpoint: bool
) -> Sequence[StepRecord]:
    """The last of ``steps`` where its figures were never kept; a whole warm-up where nothing holds the key protection
    that it began with."""
    if run.parent is None and run.recipe.protection > 0 and not has_checkpoint and not run.steps_done:
        return steps
    return [step for step in steps[-1:] if not is_told(step, run, scored)]


def is_told(step: StepRecord, run: RunRecord, scored: Collection[int]) -> bool:
    """Whether everything about the step is kept. What is missing is found again by doing the step again."""
    if step.report is None:
        return False
    if not step.position.editing:
        return True
    return not _lacks_success(step.report) and (
        not _scores_due(step.position.step, run) or step.position.step in scored
    )


def require_unfinished(run: RunRecord) -> None:
    if run.reason == "finished":
        raise SessionError(
            f"Run {run.id} has finished: nothing is left to do; start a new run or branch this one."
        )


def done_before(steps: list[StepRecord], run: RunRecord, skip_next: bool = False) -> Done:
    edits = [s.position.step for s in steps if s.position.editing]
    warmed = sum(not s.position.editing for s in steps)
    if run.parent is not None:
        warmed = warmup_steps(run)
    return Done(warmed, max(edits, default=run.parent_step or 0), run.minibatch, skip_next)


def warmup_steps(run: RunRecord) -> int:
    """How many the whole warm-up has."""
    return -(-run.warmup // run.recipe.batch)


def require_same_batch(recipe: Recipe, run: RunRecord) -> None:
    """Steps are counted in batches, so that a branch keeps their size."""
    if recipe.batch != run.recipe.batch:
        raise SessionError(
            f"Run {run.id} has {run.recipe.batch:,} facts a step: a branch keeps that; start a new run for another."
        )


def without(job: Job, removed: Collection[int]) -> Job:
    """The job but for the facts at those positions."""
    return replace(job, facts=[fact for i, fact in enumerate(job.facts) if i not in removed])


def last_step_before(removed: Collection[int], recipe: Recipe) -> int:
    """The last editing step that holds none of the facts at those positions, nor any behind them."""
    return min(removed) // recipe.batch


def _lacks_success(report: Report) -> bool:
    """The person stopped while the step's success was being measured."""
    measured = [getattr(report, name, 0.0) for name in ("success", "success_first")]
    if getattr(report, "random_step", 0):
        measured.append(getattr(report, "success_random", 0.0))
    return any(value != value for value in measured)


def _scores_due(step: int, run: RunRecord) -> bool:
    """Those after the last step are made by going on."""
    every = run.recipe.evaluate_every
    return bool(every and step % every == 0 and step * run.recipe.batch < run.facts)
