"""All variants of all seeds, as a generator of events; finished runs are kept and not done again."""

import math
import random
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from workbench.editing.control import Control
from workbench.editing.job import Job
from workbench.editing.recipe import Recipe
from workbench.editing.texts import Texts, gather_texts
from workbench.errors import Cancelled
from workbench.facts.fact import Fact
from workbench.models.loaded import LoadedModel
from workbench.studies.claims.enough import Usable
from workbench.studies.claims.events import Claims, ClaimsEnded, ClaimsEvent, RunFinished, RunProgressed
from workbench.studies.claims.measuring import Material, SeedBench
from workbench.studies.claims.records import RunRecord, keep, kept, key_of, path_of
from workbench.studies.claims.settings import ClaimsSettings
from workbench.studies.claims.variants import NONE, VARIANTS, Variant, recipe_for, reference_recipe
from workbench.studies.claims.verdicts import judge
from workbench.studies.files import write_json

RESULT = "claims.json"


class ClaimsStudy:
    """``loaded`` must be unedited, and is again after every run. Files: FOLDER/runs/*.json, FOLDER/claims.json."""

    def __init__(
        self,
        loaded: LoadedModel,
        facts: Sequence[Fact],
        warmup: Sequence[Fact],
        recipe: Recipe,
        settings: ClaimsSettings,
        folder: Path,
        control: Control | None = None,
        *,
        ordinary_text: tuple[str, ...] | None = None,
        perplexity_text: tuple[str, ...] | None = None,
        text_cache: Path | None = None,
    ) -> None:
        """``recipe``: with its modules; its η is the one of the run with edit memory. Raises InputError for too few
        facts, and where no warm-up fact is left that is not among them."""
        self.loaded, self.settings, self.folder = loaded, settings, folder
        self.control = control or Control()
        self.recipe, self.reference = recipe, reference_recipe(recipe, settings.batch, settings.steps)
        usable = Usable.of(facts, warmup)
        usable.require(settings)
        self._facts, self._warmup = usable.facts, usable.warmup
        self._job = Job((), (), ordinary_text, perplexity_text, text_cache)
        self._runs: list[RunRecord] = []
        self._began = time.monotonic()
        self._steps_done = 0  # in this call, over all finished runs

    @property
    def total(self) -> int:
        return self.settings.seeds * len(VARIANTS)

    def events(self) -> Iterator[ClaimsEvent]:
        """Stopped: the run in hand is dropped, what was finished is judged. A run whose numbers stop being finite
        is a result like another."""
        stopped = False
        try:
            texts = gather_texts(
                self.loaded,
                self._job,
                self.recipe.with_(protection=max(self.recipe.protection, 1.0)),
                self.control,
            )
            for seed in range(self.settings.seeds):
                yield from self._seed(seed, texts)
        except Cancelled:
            stopped = True
        result = self._result(stopped)
        write_json(self.folder / RESULT, result.as_json())
        yield ClaimsEnded(result)

    def material(self, seed: int) -> Material:
        """Facts and warm-up facts of one seed: a draw, in an order, that depends on nothing else."""
        order = random.Random(f"claims/{seed}")
        facts = order.sample(self._facts, self.settings.facts)
        warmup = order.sample(self._warmup, len(self._warmup))
        return Material(tuple(facts), tuple(warmup[: self.reference.warmup_facts]))

    def _seed(self, seed: int, texts: Texts) -> Iterator[ClaimsEvent]:
        material = self.material(seed)
        bench: SeedBench | None = None
        for variant in VARIANTS:
            recipe = recipe_for(variant.name, self.reference, self.recipe)
            used = (material.facts, material.warmup, [*texts.protection, *texts.perplexity])
            path = path_of(
                self.folder, variant.name, seed, key_of(self.loaded, variant.name, seed, recipe, *used)
            )
            record = kept(path)
            from_disk = record is not None
            if record is None:
                yield self._progress(variant, seed, 0, math.nan)
                bench = bench or SeedBench(
                    self.loaded, self.reference, self.settings, material, texts, self.control
                )
                record = yield from self._measured(bench, variant, seed, recipe)
                keep(path, record)
            self._runs.append(record)
            yield RunFinished(record, from_disk, len(self._runs), self.total, judge(self._runs))

    def _measured(
        self, bench: SeedBench, variant: Variant, seed: int, recipe: Recipe
    ) -> Generator[ClaimsEvent, None, RunRecord]:
        if variant.name == NONE:
            recipe = recipe.with_(step_size=bench.matched_step_size(recipe))
        measuring = bench.run(variant.name, seed, recipe)
        while True:
            try:
                step, success = next(measuring)
            except StopIteration as end:
                record: RunRecord = end.value
                self._steps_done += self._steps_of(variant)
                return record
            yield self._progress(variant, seed, step, success)

    def _progress(self, variant: Variant, seed: int, step: int, success: float) -> RunProgressed:
        done = len(self._runs)
        return RunProgressed(
            variant=variant.name,
            title=variant.title,
            seed=seed,
            done=done,
            total=self.total,
            step=step,
            steps=self._steps_of(variant),
            success=success,
            seconds_left=self._seconds_left(done, step),
        )

    def _seconds_left(self, done: int, step: int) -> float:
        """By the steps done in this call; runs that are on the disk already may make it less."""
        measured = self._steps_done + step
        if not measured:
            return math.nan
        left = sum(self._steps_of(VARIANTS[i % len(VARIANTS)]) for i in range(done, self.total)) - step
        return left * (time.monotonic() - self._began) / measured

    def _steps_of(self, variant: Variant) -> int:
        return self.settings.steps - self.settings.early if variant.later_only else self.settings.steps

    def _result(self, stopped: bool) -> Claims:
        return Claims(
            model=self.loaded.source,
            sha256=self.loaded.sha256,
            settings=self.settings,
            reference=self.reference,
            warmup_facts=min(self.reference.warmup_facts, len(self._warmup)),
            matched_step_sizes={run.seed: run.step_size for run in self._runs if run.variant == NONE},
            runs=tuple(self._runs),
            claims=judge(self._runs),
            stopped=stopped,
            seconds=time.monotonic() - self._began,
        )
