"""The sequential run as a generator of events: baseline, warm-up, steps, scores."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from workbench.editing import texts
from workbench.editing.batches import chunked, earlier_step, scores_due, split, step_sizes
from workbench.editing.budget import ChangeBudget, OrdinaryText
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.evaluator import Evaluator
from workbench.editing.events import (
    EndReason,
    Event,
    ModuleStep,
    Phase,
    RunEnded,
    RunStarted,
    StepApplied,
    StepSkipped,
    WarmupProgressed,
)
from workbench.editing.items import Chunk, Items, items_of, warmup_items
from workbench.editing.job import Done, Job, NoSink, StepSink
from workbench.editing.kinds import kind_named
from workbench.editing.memory_use import peak_memory_bytes
from workbench.editing.protection import known_text_keys
from workbench.editing.row_cache import RowCache
from workbench.editing.solving import PREFIX_BYTES, Solver
from workbench.editing.texts import Texts, gather_texts
from workbench.editing.tracing import Traced
from workbench.errors import Cancelled, NonFinite, WorkbenchError
from workbench.evaluation.batching import Watch
from workbench.evaluation.encoded import encode_facts, encode_texts, require_warmup_fits
from workbench.evaluation.sampling import sample_replies
from workbench.facts.fact import Fact
from workbench.models.prefix import SharedPrefix


class Run:
    """One pass over a job's facts with an editor that may have edited before.

    ``events`` is the whole of it. Its parts can be run one by one: ``prepare``, ``warm_up``, ``edit``."""

    def __init__(
        self,
        editor: Editor,
        job: Job,
        control: Control | None = None,
        sink: StepSink | None = None,
        done: Done = Done(),  # noqa: B008  # frozen
    ) -> None:
        """``done``: what of the job is in the editor already. Raises UnfitFacts for facts that cannot be encoded."""
        self.editor, self.job, self.recipe = editor, job, editor.recipe
        self.control = control or Control()
        self.sink: StepSink = sink or NoSink()
        self.solver = self._solver(done.minibatch or self.recipe.minibatch)
        self.warmup_steps_done = done.warmup_steps
        self.steps_done = done.steps
        self._sizes = step_sizes(job.facts, self.recipe.batch, done.sizes)
        self.facts_done = sum(self._sizes[: done.steps])
        self._untold, self._answered, self._scored = done.untold, done.answered, done.scored
        self._skip_next, self._spending = done.skip_next, done.spending
        self._started = time.monotonic()
        loaded = editor.loaded
        self.evaluator = self._evaluator()
        require_warmup_fits(loaded, self._warmup_facts, Watch(self.control))
        self._items = items_of(loaded, self.recipe, job.facts, Watch(self.control))
        self._warmup_items = warmup_items(loaded, self.recipe, self._warmup_facts)
        self._texts = Texts((), ())
        self._ordinary: OrdinaryText | None = None

    def _evaluator(self) -> Evaluator:
        """Raises UnfitFacts."""
        loaded = self.editor.loaded
        facts = encode_facts(loaded, self.job.facts, Watch(self.control), self.recipe.system_prompt)
        prefix = SharedPrefix(loaded, self.editor.modules, PREFIX_BYTES)
        return Evaluator(self.editor, facts, self._sizes, self.control, prefix)

    def _solver(self, minibatch: int) -> Solver:
        return kind_named(self.recipe.editor).solve_with(self.editor, self.control, minibatch)

    @property
    def _warmup_facts(self) -> Sequence[Fact]:
        return () if self.recipe.warmup_mode == "none" else self.job.warmup[: self.recipe.warmup_facts]

    def events(self) -> Iterator[Event]:
        """Ends with RunEnded whatever happens; the error of a run that failed is raised after it. Where that is a
        WorkbenchError, the weights and statistics are those of the last whole step."""
        try:
            for event in self._parts():
                self.sink.keep_event(event)
                yield event
        except Exception as error:
            yield self._failed(error)
            raise

    def _parts(self) -> Iterator[Event]:
        try:
            yield self._start()
            yield from self.prepare()
            yield from self.warm_up()
            yield from self.edit()
        except Cancelled as stop:
            yield self._ended(EndReason.STOPPED, str(stop))
        else:
            yield self._ended(EndReason.FINISHED)

    def _failed(self, error: Exception) -> RunEnded:
        """Kept where that is still possible."""
        message = str(error) if isinstance(error, WorkbenchError) else f"{type(error).__name__}: {error}"
        ended = self._ended(EndReason.FAILED, message)
        with suppress(WorkbenchError):
            self.sink.keep_event(ended)
        return ended

    def prepare(self) -> Iterator[Event]:
        """Ordinary text and key protection; of a run that is continued, the scores of the unedited model too."""
        with self.editor.model.unedited():
            count = max(texts.SAMPLED_TEXTS, self.editor.texts_needed)
            self._texts = gather_texts(self.editor.loaded, self.job, self.recipe, self.control, count)
            if self.editor.keeps_precision and not self.editor.precisions:
                self._protect()
            self.evaluator.take_texts(self._texts.perplexity, self.job.row_cache)
            self._ordinary = self._ordinary_text()
        if self.job.facts:
            self.sink.keep_start()
        if self.steps_done:
            yield self.evaluator.unedited()

    def _ordinary_text(self) -> OrdinaryText | None:
        """What the budget is measured on; None without one."""
        if not (self.recipe.budget and self.job.facts):
            return None
        loaded, forms = self.editor.loaded, [encode_texts(self.editor.loaded, self._texts.budget)]
        if self.evaluator.facts.chat is not None:
            forms.append(
                sample_replies(
                    loaded,
                    self._texts.budget,
                    self.recipe.seed,
                    cache_dir=self.job.text_cache,
                    watch=Watch(self.control),
                )
            )
        if not any(forms):
            return None
        return OrdinaryText.read(loaded, forms, Watch(self.control), self.evaluator.sharing)

    def warm_up(self) -> Iterator[Event]:
        """Batches of warm-up facts through the statistics, and into the weights where the recipe says so."""
        chunks = [self._chunk(items) for items in chunked(self._warmup_items, self.recipe.batch)]
        self.solver.rows = self._known_rows()
        while self.warmup_steps_done < len(chunks):
            yield from self._warm_up_with(chunks[self.warmup_steps_done])
            left = len(chunks) - self.warmup_steps_done
            if (left or self.job.facts) and self.control.stopping:
                raise Cancelled(
                    f"Stopped after batch {self.warmup_steps_done:,} of the warm-up; everything up to it is saved."
                )

    def _known_rows(self) -> RowCache | None:
        """None where a warm-up reads an edited model."""
        folder, unedited = self.job.row_cache, not self.editor.model.is_edited
        if folder is None or self.recipe.warmup_mode != "statistics" or not unedited:
            return None
        return RowCache(folder, self.editor.loaded, self.editor.modules, self.recipe)

    def edit(self) -> Iterator[Event]:
        """Step after step; full scores at the recipe's cadence and after the last. Of a step that is in the editor
        already, only what was not read of it."""
        of_steps = zip(split(self._items, self._sizes), split(self.job.facts, self._sizes), strict=True)
        chunks = [self._chunk(items, facts) for items, facts in of_steps]
        if self._ordinary is not None:  # a warm-up that edits has spent of it too
            self.solver.budget = ChangeBudget.opened(
                self.editor, self._ordinary, Watch(self.control), self._spending
            )
        if self._untold is not None:
            yield self.evaluator.with_success(self._untold)
        if self.steps_done == 1 and not self._answered:
            yield self.evaluator.first_answers()
        while self.steps_done < len(chunks):
            if scores_due(self.steps_done, self.recipe) and not self._scored:
                yield self.evaluator.so_far(self.steps_done)
            self._scored = False
            yield from self._step(chunks)
            if self.steps_done == 1:
                yield from self.evaluator.after_first_step()
            if self.steps_done < len(chunks) and self.control.stopping:
                raise Cancelled(f"Stopped after step {self.steps_done:,}; everything up to it is saved.")
        if chunks:
            yield self.evaluator.so_far(self.steps_done)

    def _warm_up_with(self, chunk: Chunk) -> Iterator[Event]:
        began, first = time.monotonic(), self.warmup_steps_done * self.recipe.batch
        try:
            names = self._names(chunk, self._warmup_facts, first)
            traced, shifts, _ = yield from self.solver.solve(chunk, names, warming_up=True)
            self._skip_next = False
        except NonFinite as error:
            yield self._skipped(error, chunk, warming_up=True, began=began)
            return
        self.editor.apply(shifts, traced)
        progressed = WarmupProgressed(
            facts_done=first + chunk.facts,
            facts_total=len(self._warmup_items),
            rows=self.editor.rows,
            rows_needed=self.editor.rows_needed,
            loss=float(traced.losses.mean()),
            seconds=time.monotonic() - began,
            weights_changed=bool(shifts),
        )
        self.sink.keep_step(self.warmup_steps_done + 1, True, shifts, traced, progressed)
        self.warmup_steps_done += 1
        yield replace(progressed, seconds=time.monotonic() - began)

    def _step(self, chunks: list[Chunk]) -> Iterator[Event]:
        """One batch of edits: trace, statistics, shifts, apply; kept before it is told."""
        chunk = chunks[self.steps_done]
        began = time.monotonic()
        try:
            names = self._names(chunk, self.job.facts, self.facts_done)
            traced, shifts, whitenings = yield from self.solver.solve(
                chunk, names, warming_up=False, left=len(self.job.facts) - self.facts_done
            )
            self._skip_next = False
        except NonFinite as error:
            yield self._skipped(error, chunk, warming_up=False, began=began)
            return
        measured = self.editor.measure(shifts, whitenings)
        self.editor.apply(shifts, traced)
        self.editor.model.remember_last(shifts)
        applied = self._applied(chunk, traced, measured, time.monotonic() - began)
        self.sink.keep_step(applied.step, False, shifts, traced, applied)
        applied = replace(applied, seconds=time.monotonic() - began)
        self.steps_done, self.facts_done = applied.step, applied.facts_done
        yield self.evaluator.with_success(applied)

    def _applied(
        self, chunk: Chunk, traced: Traced, modules: dict[str, ModuleStep], seconds: float
    ) -> StepApplied:
        """All that is known of the step in hand before the model is read again."""
        step, unknown = self.steps_done + 1, float("nan")
        return StepApplied(
            step=step,
            facts_done=self.facts_done + chunk.facts,
            facts_total=len(self.job.facts),
            first_fact=self.facts_done,
            facts=chunk.facts,
            rows=traced.rows,
            loss=float(traced.losses.mean()),
            success=unknown,
            success_before=float(traced.success.mean()),
            success_first=unknown,
            success_random=unknown,
            random_step=earlier_step(self.recipe.seed, step),
            modules=modules,
            seconds=seconds,
            memory_bytes=peak_memory_bytes(self.editor.loaded.device),
            spending=self.solver.budget.spending if self.solver.budget is not None else None,
        )

    def _skipped(self, error: NonFinite, chunk: Chunk, *, warming_up: bool, began: float) -> StepSkipped:
        """Raises the error where such a step ends the run."""
        if self.recipe.on_error != "skip" and not self._skip_next:
            raise error
        self._skip_next = False
        done = self.warmup_steps_done if warming_up else self.steps_done
        first = done * self.recipe.batch if warming_up else self.facts_done
        skipped = StepSkipped(
            step=done + 1,
            warming_up=warming_up,
            facts_done=first + chunk.facts,
            facts_total=len(self._warmup_items if warming_up else self.job.facts),
            first_fact=first,
            facts=chunk.facts,
            fact=error.fact,
            module=error.module,
            message=str(error),
            seconds=time.monotonic() - began,
        )
        self.sink.keep_step(skipped.step, warming_up, {}, Traced.nothing(chunk.facts), skipped)
        if warming_up:
            self.warmup_steps_done = skipped.step
        else:
            self.steps_done, self.facts_done = skipped.step, skipped.facts_done
        return skipped

    def _protect(self) -> None:
        texts = self._texts.protection if self.recipe.reads_text else ()
        report, editor = self.control.progress(Phase.PROTECTION, "texts"), self.editor
        asked = self.job.row_cache, editor.loaded, editor.modules, texts, self.control, report
        editor.protect(known_text_keys(*asked) if texts else {})

    def _chunk(self, items: Sequence[Items], facts: Sequence[Fact] = ()) -> Chunk:
        return Chunk.of(items, self.recipe.chat_share, facts)

    @staticmethod
    def _names(chunk: Chunk, facts: Sequence[Fact], first: int) -> list[str]:
        """The prompt of each item, for messages; ``facts[first:]`` begin with the chunk's."""
        return [facts[first + i].prompt for i in chunk.owner.tolist()]

    def _start(self) -> RunStarted:
        warmup = len(self._warmup_facts)
        return RunStarted(
            facts=len(self.job.facts),
            warmup_facts=warmup,
            steps=len(self._sizes),
            modules=tuple(m.name for m in self.editor.modules),
            rows_needed=self.editor.rows_needed,
            sizes=self._sizes,
            steps_done=self.steps_done,
            facts_done=self.facts_done,
            warmup_done=min(self.warmup_steps_done * self.recipe.batch, warmup),
            form=self.recipe.form,
        )

    def _ended(self, reason: EndReason, message: str = "") -> RunEnded:
        return RunEnded(reason, self.facts_done, self.steps_done, time.monotonic() - self._started, message)
