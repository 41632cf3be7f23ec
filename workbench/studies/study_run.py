"""A run of the engine that takes from ``Traces`` what would come out the same, and scores only what a study needs."""

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from torch import Tensor

from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.evaluator import Evaluator
from workbench.editing.events import Evaluated, Event
from workbench.editing.items import Chunk
from workbench.editing.job import Job
from workbench.editing.precision import Precision
from workbench.editing.recipe import Recipe
from workbench.editing.run import Run
from workbench.editing.solving import Solver
from workbench.editing.tracing import Traced
from workbench.editing.whitening import Whitening
from workbench.evaluation.batching import Watch
from workbench.evaluation.encoded import EncodedFacts, encode_facts, encode_texts
from workbench.evaluation.evaluate import Baseline, evaluate, evaluate_unedited
from workbench.evaluation.scores import Floats, Scores
from workbench.facts.fact import Fact
from workbench.models.encoding import Encoded
from workbench.models.loaded import LoadedModel
from workbench.models.modules import select
from workbench.studies.traces import Traces

BETWEEN_SCORES = frozenset({"es", "perplexity"})
FULL_SCORES = frozenset({"es", "gs", "exact", "preference", "locality_kept", "perplexity"})


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What all runs of a study are measured on, and what the unedited model says there."""

    facts: EncodedFacts = field(repr=False)
    texts: tuple[Encoded, ...] = field(repr=False)  # for perplexity
    baseline: Baseline = field(repr=False)
    unedited: Scores

    @classmethod
    def read(
        cls,
        loaded: LoadedModel,
        facts: Sequence[Fact],
        texts: Sequence[str],
        watch: Watch,
        which: Collection[str] = FULL_SCORES,
    ) -> "Yardstick":
        """With the unedited weights in the model; ``which``: of its scores."""
        encoded, encoded_texts = encode_facts(loaded, facts, watch), encode_texts(loaded, texts)
        unedited, _, baseline = evaluate_unedited(loaded, encoded, encoded_texts, which, watch)
        return cls(encoded, encoded_texts, baseline, unedited)

    def of(self, loaded: LoadedModel, indices: Sequence[int], watch: Watch) -> "Yardstick":
        """For some of the facts, with the unedited weights in the model."""
        facts = self.facts.take(indices)
        scores, _ = evaluate(loaded, facts, self.baseline, (), FULL_SCORES - {"perplexity"}, watch)
        unedited = replace(scores, perplexity=self.unedited.perplexity)
        return Yardstick(facts, self.texts, self.baseline, unedited)


class TracedEditor(Editor):
    """Takes decompositions and inverses from ``traces``: what it does is what an Editor does."""

    def __init__(self, traces: Traces, recipe: Recipe, control: Control) -> None:
        super().__init__(traces.loaded, select(traces.loaded.modules, recipe.modules), recipe)
        self.traces, self._control = traces, control
        self.at_first_step = False

    def protect(self, text_keys: dict[str, Tensor]) -> None:
        """``text_keys`` is read from the traces."""
        del text_keys
        self.precisions = {
            name: Precision(self.traces.inverse(name, self.recipe, delta.T, self._control))
            for name, delta in self.model.delta().items()
        }

    def _whitenings(self) -> dict[str, Whitening]:
        if not self.at_first_step or self.recipe.scope != "module":
            return super()._whitenings()
        return {
            name: self.traces.whitening(name, s, self.recipe, self._decomposition_dtype)
            for name, s in self.statistics.items()
            if s.can_whiten
        }


class TracedSolver(Solver):
    """Takes the rows of the first editing step from ``traces``."""

    def __init__(self, editor: TracedEditor, control: Control, minibatch: int, traces: Traces | None) -> None:
        super().__init__(editor, control, minibatch, shares=False)
        self.editor: TracedEditor = editor
        self._traces = traces

    def trace(self, chunk: Chunk, names: Sequence[str]) -> Generator[Event, None, Traced]:
        traces, self._traces = self._traces, None
        self.editor.at_first_step = traces is not None
        if traces is not None:
            return traces.first_step(self.editor, self.control)
        return (yield from super().trace(chunk, names))


class StudyEvaluator(Evaluator):
    """Reads what a study needs, on the yardstick's facts; all of a study shares what lies below the edited blocks."""

    def __init__(
        self,
        editor: Editor,
        sizes: Sequence[int],
        control: Control,
        yardstick: Yardstick,
        at_end: Collection[str],
        *,
        lean: bool,
    ) -> None:
        super().__init__(editor, yardstick.facts, sizes, control, None)
        self.texts, self.baseline = yardstick.texts, yardstick.baseline
        self._at_end, self._lean = at_end, lean

    def own(self, step: int) -> tuple[Floats, Floats]:
        return (np.empty(0), np.empty(0)) if self._lean else super().own(step)

    def success(self, step: int) -> float:
        return float("nan") if self._lean else super().success(step)

    def after_first_step(self) -> Iterator[Evaluated]:
        return iter(())

    def so_far(self, step: int) -> Evaluated:
        last = step == len(self.sizes)
        return self._scored(self._first(step), step, self._at_end if last else BETWEEN_SCORES)


class StudyRun(Run):
    """``parts`` is the whole of it: no baseline, warm-up, steps, scores. The facts are the yardstick's."""

    def __init__(
        self,
        editor: TracedEditor,
        job: Job,
        yardstick: Yardstick,
        control: Control,
        traces: Traces | None = None,
        *,
        at_end: Collection[str] = FULL_SCORES,
        lean: bool = False,
    ) -> None:
        """``traces``: what the warm-up and the first step are taken from, where they are the job's own.
        ``lean``: no success of single steps."""
        self._traces = traces
        self._of_evaluator = yardstick, at_end, lean
        super().__init__(editor, job, control)
        self.editor: TracedEditor = editor
        self.yardstick = yardstick

    def parts(self) -> Iterator[Event]:
        """Events of the warm-up and of the steps. Raises Cancelled and NonFinite."""
        if self.editor.keeps_precision:
            self.editor.protect({})
        if self._traces is not None:
            self._traces.warm_up(self.editor, self.control)
        else:
            yield from self.warm_up()
        yield from self.edit()

    def _evaluator(self) -> Evaluator:
        yardstick, at_end, lean = self._of_evaluator
        return StudyEvaluator(self.editor, self._sizes, self.control, yardstick, at_end, lean=lean)

    def _solver(self, minibatch: int) -> Solver:
        return TracedSolver(self.editor, self.control, minibatch, self._traces)


@contextmanager
def unedited_afterwards(editor: TracedEditor) -> Iterator[None]:
    """Within it, blocks below the edited ones are run once a batch. Whatever happens, the weights are again the
    unedited ones afterwards, bit for bit."""
    try:
        with editor.traces.prefix.below(min(m.layer for m in editor.modules)):
            yield
    finally:
        editor.restore()


def traced_run(
    traces: Traces,
    recipe: Recipe,
    yardstick: Yardstick,
    control: Control,
    *,
    at_end: Collection[str] = FULL_SCORES,
    lean: bool = False,
) -> StudyRun:
    """Of the traces' facts. All that can be comes from them; a warm-up that edits has to be done."""
    cached = traces if recipe.warmup_mode != "edits" else None
    job = Job(traces.facts, () if cached is not None else traces.warmup)
    editor = TracedEditor(traces, recipe, control)
    return StudyRun(editor, job, yardstick, control, cached, at_end=at_end, lean=lean)
