"""Going on with a run that was stopped or cut off, branching one, and replaying one without some of its facts."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import isnan, nan
from pathlib import Path

import numpy as np

from workbench.editing.batches import earlier_step
from workbench.editing.carrying import BEHIND_A_BRANCH, Made, why_not_carried
from workbench.editing.editor import Editor
from workbench.editing.events import ModuleStep, Spending, StepApplied
from workbench.editing.job import Done, Job
from workbench.editing.recipe import Recipe
from workbench.editing.shift import Shift
from workbench.errors import SessionError
from workbench.models.loaded import LoadedModel
from workbench.models.modules import select
from workbench.session.paths import STEPS
from workbench.session.rebuild import Rebuilt, read_step
from workbench.session.recorder import RunRecorder
from workbench.session.records import RunRecord, StepRecord
from workbench.session.runs_table import RunsTable


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


def drop_unprotected(folder: Path, runs: RunsTable, run: RunRecord) -> None:
    """The batches of a warm-up where nothing holds the key protection that it began with: they are done again, with
    the same result. Versions since keep it with the first batch."""
    if run.parent is not None or run.recipe.protection == 0 or run.steps_done or runs.checkpoints(run.id):
        return
    for step in runs.steps(run.id):
        runs.drop_step(run.id, step.position)
        with suppress(OSError):
            (folder / STEPS / step.file.name).unlink()


def require_unfinished(run: RunRecord) -> None:
    if run.reason == "finished":
        raise SessionError(
            f"Run {run.id} has finished: nothing is left to do; start a new run or branch this one."
        )


def done_before(folder: Path, runs: RunsTable, rebuilt: Rebuilt, history: Sequence[StepRecord]) -> Done:
    """``history``: every step behind the run's last state, those before a branch included."""
    run, steps = rebuilt.run, runs.steps(rebuilt.run.id)
    warmed = sum(not step.position.editing for step in steps)
    scored = {s.step: s.scores for s in runs.scores(run.id)}
    of_texts = scored[run.steps_done].perplexity if run.steps_done in scored else nan
    return Done(
        warmup_steps=warmed if run.parent is None else warmup_steps(run),
        steps=run.steps_done,
        sizes=tuple(step.facts for step in history if step.position.editing),
        untold=_untold(folder, rebuilt, steps[-1]) if steps else None,
        answered=not steps or 1 in scored,
        scored=not steps or not isnan(of_texts),
        minibatch=run.minibatch,
        spending=spending_after(history, run.steps_done),
    )


def spending_after(history: Iterable[StepRecord], until: int) -> Spending | None:
    """As the last editing step up to ``until`` left the budget."""
    reports = [s.report for s in history if s.position.editing and s.position.step <= until]
    told = [report.spending for report in reports if isinstance(report, StepApplied) and report.spending]
    return told[-1] if told else None


def warmup_steps(run: RunRecord) -> int:
    """How many the whole warm-up has."""
    return -(-run.warmup // run.recipe.batch)


def why_no_branch(run: RunRecord, step: int, recipe: Recipe, modules: Iterable[str]) -> str:
    """One sentence; empty where a run with these settings can go on from there. Steps are counted in batches, so that
    a branch keeps their size."""
    made = Made(run.recipe, frozenset(run.modules), rows=True, precision=run.recipe.keeps_precision)
    if why := why_not_carried(made, recipe, modules):
        return (
            f"{why[:1].upper()}{why[1:]}, and what run {run.id} did up to step {step:,} was made with the setting "
            "before: set it back, or start a new run."
        )
    if recipe.batch != run.recipe.batch:
        return (
            f"Run {run.id} has {run.recipe.batch:,} facts a step, and a branch keeps that: set it to as many."
        )
    return ""


def branch_recipe(run: RunRecord, step: int, recipe: Recipe, loaded: LoadedModel) -> Recipe:
    """With the warm-up that is behind it. Raises SessionError where ``why_no_branch`` has a reason."""
    modules = run.modules
    if recipe.modules and recipe.modules != run.recipe.modules:
        modules = tuple(m.name for m in select(loaded.modules, recipe.modules))
    if why := why_no_branch(run, step, recipe, modules):
        raise SessionError(why)
    return recipe.with_(**{name: getattr(run.recipe, name) for name in BEHIND_A_BRANCH})


def without(job: Job, removed: Collection[int]) -> Job:
    """The job but for the facts at those positions."""
    return replace(job, facts=[fact for i, fact in enumerate(job.facts) if i not in removed])


def _untold(folder: Path, rebuilt: Rebuilt, step: StepRecord) -> StepApplied | None:
    """The last step, where its success was not read; with what its file tells where nothing else was kept."""
    if step.skipped or not step.position.editing:
        return None
    if step.report is None:
        return _from_file(folder, rebuilt, step)
    return step.report if isinstance(step.report, StepApplied) and _lacks_success(step.report) else None


def _lacks_success(report: StepApplied) -> bool:
    """The program ended, or the person stopped, before or while it was read."""
    measured = [report.success, report.success_first]
    return any(
        isnan(value) for value in [*measured, *([report.success_random] if report.random_step else [])]
    )


def _from_file(folder: Path, rebuilt: Rebuilt, step: StepRecord) -> StepApplied:
    """NaN for what only the run knew."""
    shifts, traced = read_step(folder, rebuilt.editor, step)
    number, run = step.position.step, rebuilt.run
    return StepApplied(
        step=number,
        facts_done=step.first_fact + step.facts,
        facts_total=run.facts,
        first_fact=step.first_fact,
        facts=step.facts,
        rows=step.rows,
        loss=float(traced.losses.mean()),
        success=nan,
        success_before=float(traced.success.mean()),
        success_first=nan,
        success_random=nan,
        random_step=earlier_step(run.recipe.seed, number),
        modules={name: _only_norm(shift, step.rows) for name, shift in shifts.items()},
        seconds=0.0,
        memory_bytes=0,
    )


def _only_norm(shift: Shift, rows: int) -> ModuleStep:
    d_out = shift.right.shape[1]
    return ModuleStep(shift.norm(), nan, nan, nan, nan, nan, nan, nan, nan, rows, d_out, np.empty(0))
