"""What a run's facts score: in the unedited model, after each step, and at the end."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np

from workbench.editing.batches import retention
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.events import Evaluated, Floats, Phase, StepApplied
from workbench.editing.text_cache import TextCache, TextReading
from workbench.errors import Cancelled
from workbench.evaluation.batching import Watch
from workbench.evaluation.encoded import EncodedFacts, encode_texts
from workbench.evaluation.evaluate import Baseline, batch_success, evaluate, evaluate_unedited
from workbench.evaluation.reading import read_answers
from workbench.evaluation.scores import SCORES, TEXT_SCORES, FactScores, Scores
from workbench.models.encoding import Encoded
from workbench.models.prefix import SharedPrefix

_OF_FACTS = frozenset(SCORES) - frozenset(TEXT_SCORES)


class Evaluator:
    """Of one run. Reads with whatever weights the model holds."""

    def __init__(
        self,
        editor: Editor,
        facts: EncodedFacts,
        sizes: Sequence[int],
        control: Control,
        prefix: SharedPrefix | None,
    ) -> None:
        """``sizes``: facts of each step. ``prefix``: with it, what is read again is run through the edited blocks
        only."""
        self.editor, self.facts, self.sizes, self.control = editor, facts, sizes, control
        self.texts: tuple[Encoded, ...] = ()
        self.baseline: Baseline | None = None
        self._answered: Evaluated | None = (
            None  # the first step's facts, where they were read as those of later ones
        )
        self._cache: TextCache | None = None
        self._prefix = prefix
        self._waiting: Evaluated | None = (
            None  # of the unedited model, where the rest of it is still to be read
        )

    def sharing(self, *, alone: bool = False) -> AbstractContextManager[None]:
        """``alone``: of what a run that is continued reads with other facts, whose states would be rounded
        otherwise."""
        return nullcontext() if alone or self._prefix is None else self._prefix.edited()

    @property
    def _first_alone(self) -> bool:
        """Whether the first step's facts are scored before the others."""
        return len(self.facts) > 2 * self.sizes[0]

    def take_texts(self, texts: Sequence[str], cache: Path | None) -> None:
        """What perplexity and drift are measured on; ``cache``: folder where what the unedited model makes of them is
        kept."""
        loaded = self.editor.loaded
        self.texts = encode_texts(loaded, texts)
        self._cache = TextCache(cache, loaded, self.texts) if cache is not None and texts else None

    def unedited(self) -> Evaluated:
        """Of all facts and texts."""
        with self.editor.model.unedited():
            return self._unedited(self.facts)

    def after_first_step(self) -> Iterator[Evaluated]:
        """What its facts said before and say now, then all else of the unedited model: nothing is scored before the
        step, so that its curves need not wait."""
        alone = self._first_alone
        with self.editor.model.unedited():
            before = self._unedited(self._first(1) if alone else self.facts, texts=False, alone=alone)
        yield replace(before, per_fact=before.per_fact.padded(len(self.facts)))
        yield self.first_answers()
        with self.editor.model.unedited():
            rest = self._unedited(self.facts) if alone else self._with_texts(before)
        yield rest

    def first_answers(self) -> Evaluated:
        """Of the first step's facts; tells nothing of retention."""
        alone = self._first_alone
        found = self._scored(self._first(1), 1, _OF_FACTS, alone=alone)
        self._answered = None if alone else found
        return replace(found, retention=np.empty(0))

    def so_far(self, step: int) -> Evaluated:
        """On everything edited up to the step."""
        if step > 1 or self._answered is None:
            return self._scored(self._first(step), step)
        now, _ = self._read(self.facts.take(()), TEXT_SCORES)
        scores = replace(self._answered.scores, perplexity=now.perplexity, drift=now.drift)
        return replace(self._answered, scores=scores)

    def _first(self, steps: int) -> EncodedFacts:
        """Of the first so many steps."""
        return self.facts.take(range(sum(self.sizes[:steps])))

    def with_success(self, applied: StepApplied) -> StepApplied:
        """What the step's facts, the first step's and those of a random one say now; NaN and empty where the person
        stops meanwhile."""
        success, loss = self.own(applied.step)
        unknown = float("nan")
        success_of = {0: unknown, applied.step: float(success.mean()) if len(success) else unknown}
        for step in {1, applied.random_step}.difference(success_of):
            success_of[step] = self.success(step)
        return replace(
            applied,
            success=success_of[applied.step],
            success_first=success_of[1],
            success_random=success_of[applied.random_step],
            fact_success=success,
            fact_loss=loss,
        )

    def own(self, step: int) -> tuple[Floats, Floats]:
        """ES and mean token loss of each of the step's facts; empty where the person stops meanwhile."""
        try:
            with self.sharing(alone=step == 1):
                found = read_answers(self.editor.loaded, self._asked(step), Watch(self.control))
        except Cancelled:
            return np.empty(0), np.empty(0)
        return found.share, -found.mean_log_prob

    def success(self, step: int) -> float:
        """NaN where the person stops meanwhile: the step is in the weights and is still told."""
        try:
            with self.sharing():
                return float(batch_success(self.editor.loaded, self._asked(step), Watch(self.control)).mean())
        except Cancelled:
            return float("nan")

    def _asked(self, step: int) -> Sequence[Encoded]:
        """What the step's facts are asked live: plain where they were edited in the plain form."""
        chat = self.facts.chat if self.editor.recipe.form == "chat" else None
        first = sum(self.sizes[: step - 1])
        return (chat or self.facts).prompts[first : first + self.sizes[step - 1]]

    def _scored(
        self, facts: EncodedFacts, step: int, which: Collection[str] = SCORES, *, alone: bool = False
    ) -> Evaluated:
        scores, per_fact = self._read(facts, which, alone=alone)
        return Evaluated(step, scores, per_fact, retention(per_fact.es, self.sizes[:step]))

    def _read(
        self, facts: EncodedFacts, which: Collection[str], *, alone: bool = False
    ) -> tuple[Scores, FactScores]:
        watch = Watch(self.control, self.control.progress(Phase.EVALUATION, "passes"))
        texts = self.texts if set(TEXT_SCORES) & set(which) else ()
        with self.sharing(alone=alone):
            return evaluate(self.editor.loaded, facts, self.baseline, texts, which, watch)

    def _with_texts(self, read: Evaluated) -> Evaluated:
        """What was read of all facts, with the scores of texts. With the unedited weights in the model."""
        known = self.baseline
        of_texts = self._unedited(self.facts.take(())).scores
        if known is not None and self.baseline is not None:
            self.baseline = replace(known, drift=self.baseline.drift)
        return replace(
            read, scores=replace(read.scores, perplexity=of_texts.perplexity, drift=of_texts.drift)
        )

    def _unedited(self, facts: EncodedFacts, *, texts: bool = True, alone: bool = False) -> Evaluated:
        watch = Watch(self.control, self.control.progress(Phase.BASELINE, "passes"))
        which = SCORES if texts else _OF_FACTS
        known = self._cache.find() if texts and self._cache is not None else None
        ask = self.texts if texts and known is None else ()
        with self.sharing(alone=alone):
            scores, per_fact, baseline = evaluate_unedited(self.editor.loaded, facts, ask, which, watch)
        if known is not None:
            scores = replace(scores, perplexity=known.perplexity, drift=0.0)
            baseline = replace(baseline, drift=known.reference)
        elif ask and baseline.drift is not None and self._cache is not None:
            self._cache.keep(TextReading(scores.perplexity, baseline.drift))
        self.baseline = baseline
        return Evaluated(0, scores, per_fact, np.empty(0))
