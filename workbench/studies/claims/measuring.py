"""One variant of one seed, run from the unedited model and recorded."""

import math
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np

from workbench.editing.control import Control
from workbench.editing.events import Evaluated, Phase, StepApplied, WarmupProgressed
from workbench.editing.job import Job
from workbench.editing.recipe import Recipe
from workbench.editing.texts import Texts
from workbench.errors import NonFinite
from workbench.evaluation.batching import Watch
from workbench.evaluation.scores import Scores
from workbench.facts.fact import Fact
from workbench.models.loaded import LoadedModel
from workbench.models.modules import select
from workbench.studies.claims.records import SCORES, RunRecord
from workbench.studies.claims.settings import ClaimsSettings
from workbench.studies.claims.variants import BY_NAME, EARLY_STATISTICS
from workbench.studies.study_run import (
    StudyRun,
    TracedEditor,
    Yardstick,
    traced_run,
    unedited_afterwards,
)
from workbench.studies.traces import Traces

Progress = tuple[int, float]  # steps done, warm-up batches not counted; ES of the last step's facts


@dataclass(frozen=True, slots=True)
class Material:
    """Of one seed, the same for all its runs."""

    facts: tuple[Fact, ...]
    warmup: tuple[Fact, ...]


class SeedBench:
    """Runs variants on one seed's material; traces the warm-up and the first step once for all of them."""

    def __init__(
        self,
        loaded: LoadedModel,
        reference: Recipe,
        settings: ClaimsSettings,
        material: Material,
        texts: Texts,
        control: Control,
    ) -> None:
        """Reads the unedited model's scores."""
        self.loaded, self.reference, self.settings, self.material = loaded, reference, settings, material
        self.control = control
        modules = select(loaded.modules, reference.modules)
        self.traces = Traces(loaded, modules, material.warmup, material.facts, texts.protection)
        watch = Watch(control, control.progress(Phase.BASELINE, "passes"))
        self._yardstick = Yardstick.read(loaded, material.facts, texts.perplexity, watch)

    def matched_step_size(self, ablation: Recipe) -> float:
        """γ with which the ablation's first shift has the reference's norm; Δ is linear in γ. At most 1."""
        wanted, given = (self._first_norm(recipe) for recipe in (self.reference, ablation))
        return (
            min(1.0, float(f"{ablation.step_size * wanted / given:.3g}")) if given > 0 else ablation.step_size
        )

    def _first_norm(self, recipe: Recipe) -> float:
        """Root mean square over modules of ‖Δ_1‖_F."""
        editor = TracedEditor(self.traces, recipe, self.control)
        editor.at_first_step = True
        if editor.keeps_precision:
            editor.protect({})
        self.traces.warm_up(editor, self.control)
        traced = self.traces.first_step(editor, self.control)
        editor.observe(traced)
        shifts, _ = editor.shifts(traced, warming_up=False)
        return math.sqrt(float(np.mean([shift.norm() ** 2 for shift in shifts.values()])))

    def run(self, variant: str, seed: int, recipe: Recipe) -> Generator[Progress, None, RunRecord]:
        """Raises Cancelled; a run whose numbers stop being finite is recorded as far as it came."""
        began = time.monotonic()
        run, first = self._run_of(variant, recipe)
        recording = _Recording(run)
        with unedited_afterwards(run.editor):
            try:
                yield from recording.follow()
            except NonFinite as error:
                recording.failed = str(error)
        return recording.record(variant, seed, recipe, first, time.monotonic() - began)

    def _run_of(self, variant: str, recipe: Recipe) -> tuple[StudyRun, int]:
        """The run and the number of its first step."""
        if not BY_NAME[variant].later_only:
            return traced_run(self.traces, recipe, self._yardstick, self.control), 1
        early, first = self.settings.early * recipe.batch, self.settings.early + 1
        later = self.material.facts[early:]
        yardstick = self._yardstick.of(
            self.loaded, range(early, len(self.material.facts)), Watch(self.control)
        )
        through_statistics = self.material.facts[:early] if variant == EARLY_STATISTICS else ()
        room = recipe.with_(warmup_facts=max(recipe.warmup_facts, early))
        editor = TracedEditor(self.traces, room, self.control)
        self.traces.warm_up(editor, self.control)
        return StudyRun(editor, Job(later, through_statistics), yardstick, self.control), first


class _Recording:
    def __init__(self, run: StudyRun) -> None:
        self._run = run
        self._steps: list[StepApplied] = []
        self._perplexities: list[tuple[int, float]] = [(0, run.yardstick.unedited.perplexity)]
        self._scores: Scores | None = None
        self.failed = ""

    def follow(self) -> Iterator[Progress]:
        for event in self._run.parts():
            match event:
                case WarmupProgressed():
                    yield 0, math.nan
                case StepApplied():
                    self._steps.append(event)
                    yield event.step, event.success
                case Evaluated():
                    self._perplexities.append((event.step, event.scores.perplexity))
                    self._scores = event.scores

    def record(self, variant: str, seed: int, recipe: Recipe, first: int, seconds: float) -> RunRecord:
        steps = self._steps
        names = tuple(m.name for m in self._run.editor.modules)

        def by_module(what: str) -> dict[str, tuple[float, ...]]:
            return {name: tuple(getattr(s.modules[name], what) for s in steps) for name in names}

        finished = self._scores if not self.failed else None
        return RunRecord(
            variant=variant,
            seed=seed,
            step_size=recipe.step_size,
            first_step=first,
            success=tuple(s.success for s in steps),
            success_first=tuple(s.success_first for s in steps),
            shift_norms=by_module("shift_norm"),
            cosines=by_module("cosine_previous"),
            drifts=by_module("weight_drift"),
            perplexities=tuple(
                (step + first - 1 if step else 0, value) for step, value in self._perplexities
            ),
            unedited=_scores(self._run.yardstick.unedited),
            scores=_scores(finished),
            failed=self.failed,
            seconds=seconds,
        )


def _scores(scores: Scores | None) -> dict[str, float]:
    return {name: math.nan if scores is None else getattr(scores, name) for name in SCORES}
