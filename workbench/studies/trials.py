"""One setting measured on the unedited model, from cached traces, given up early where the model collapses."""

import math
import time
from dataclasses import dataclass, replace

from workbench.editing.control import Control
from workbench.editing.events import Evaluated, StepApplied
from workbench.editing.recipe import Recipe
from workbench.errors import NonFinite
from workbench.evaluation.batching import Watch
from workbench.evaluation.evaluate import evaluate, perplexity
from workbench.evaluation.scores import Scores
from workbench.studies.study_run import StudyRun, Yardstick, traced_run, unedited_afterwards
from workbench.studies.traces import Traces

SEARCH_SCORES = frozenset({"es", "locality_kept", "perplexity"})
HELD_OUT_SCORES = frozenset({"es", "gs", "locality_kept", "perplexity"})
_LOOK_FACTS, _LOOK_TEXTS = 32, 16  # what the first look reads
_HOPELESS_RATIO, _HOPELESS_KEPT = 2.5, 0.05  # beyond both bounds of the front, with room for a small sample
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Measured:
    scores: Scores
    ratio: float  # perplexity over the unedited model's, on the same texts
    shift_norms: tuple[float, ...]  # of the first step, one a module
    gave_up: str = ""


class Trials:
    """Measures recipes on one part of the facts."""

    def __init__(self, traces: Traces, yardstick: Yardstick) -> None:
        self.traces, self.yardstick = traces, yardstick
        few = yardstick.facts.take(range(min(_LOOK_FACTS, len(yardstick.facts))))
        self._look = replace(yardstick, facts=few, texts=yardstick.texts[:_LOOK_TEXTS])
        self._look_before = _NAN  # read where a recipe takes more than one step

    def measure(self, recipe: Recipe, control: Control, scores: frozenset[str] = SEARCH_SCORES) -> Measured:
        """The model is unedited before and after. Raises Cancelled."""
        recipe = recipe.with_(evaluate_every=0, on_error="stop")
        if len(self.yardstick.facts) > recipe.batch and math.isnan(self._look_before):
            self._look_before = perplexity(self.traces.loaded, self._look.texts, Watch(control))
        run = traced_run(self.traces, recipe, self.yardstick, control, at_end=scores, lean=True)
        with unedited_afterwards(run.editor):
            try:
                return self._followed(run, control)
            except NonFinite as error:
                return Measured(_unknown(), _NAN, (), str(error))

    def seconds_of(self, recipe: Recipe, control: Control) -> tuple[Measured, float]:
        began = time.monotonic()
        return self.measure(recipe, control), time.monotonic() - began

    def _followed(self, run: StudyRun, control: Control) -> Measured:
        norms: tuple[float, ...] = ()
        scores = _unknown()
        for event in run.parts():
            if isinstance(event, StepApplied) and event.step == 1:
                norms = tuple(m.shift_norm for m in event.modules.values())
                if event.facts_done < event.facts_total and (early := self._hopeless(norms, control)):
                    return early
            elif isinstance(event, Evaluated):
                scores = event.scores
        return Measured(scores, scores.perplexity / self.yardstick.unedited.perplexity, norms)

    def _hopeless(self, norms: tuple[float, ...], control: Control) -> Measured | None:
        """After the first step, on a small sample: whether going on would only make it worse."""
        look = self._look
        scores, _ = evaluate(
            self.traces.loaded,
            look.facts,
            look.baseline,
            look.texts,
            {"locality_kept", "perplexity"},
            Watch(control),
        )
        ratio = scores.perplexity / self._look_before
        if ratio > _HOPELESS_RATIO or scores.locality_kept < _HOPELESS_KEPT:
            why = (
                f"Given up after the first step: perplexity {ratio:.2f} × the unedited model's, "
                f"locality kept {scores.locality_kept:.2f} on a sample."
            )
            return Measured(scores, ratio, norms, why)
        return None


def _unknown() -> Scores:
    return Scores(_NAN, _NAN, _NAN, _NAN, _NAN, _NAN, _NAN, _NAN, 0)
