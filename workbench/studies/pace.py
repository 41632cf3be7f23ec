"""How much of a calibration fits into its budget on this computer, so that a first point comes within it."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from workbench.editing.control import Control
from workbench.editing.events import Phase
from workbench.editing.recipe import Recipe
from workbench.editing.texts import Texts
from workbench.facts.fact import Fact
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule
from workbench.studies.split import Split
from workbench.studies.traces import Traces

SEARCH_TEXTS = 40  # that perplexity is measured on in the search; on all for the held-out facts
_FACTS, _ROUNDS = 8, 2  # that are traced to see how long one takes, and how often
_TEXT = 2  # facts' worth of time in a text of C₀, which is longer than a prompt and has no way back
_SHARE = 0.6  # of the budget until the first point, at most: the rest is for others and the held-out facts
_SIZES = (1.0, 0.7, 0.5, 0.35, 0.25, 0.17, 0.1, 0.06)
_MARGIN = 1.1  # of the rows that whitening needs: a few facts do not say exactly how many another has
FEWEST_STATISTICS, _FEWEST_EDITS, _FEWEST_TEXTS = 100, 12, 12


@dataclass(frozen=True, slots=True)
class Pace:
    fact: float  # seconds to trace or to score one
    decomposition: float  # seconds, of all modules of a trial
    statistics: int = FEWEST_STATISTICS  # facts: with fewer, what is measured is not what the person runs

    @classmethod
    def measured(
        cls,
        loaded: LoadedModel,
        modules: Sequence[EditableModule],
        facts: Sequence[Fact],
        recipe: Recipe,
        control: Control,
    ) -> "Pace":
        """On a few of the facts, with the unedited weights in the model; ``modules``: all that trials may edit."""
        few = tuple(facts[:_FACTS])
        small = recipe.with_(warmup_facts=len(few), batch=len(few), minibatch=min(recipe.minibatch, len(few)))
        seconds, rows = 0.0, 1
        report = control.progress(Phase.PACE, "rounds")
        for done in range(_ROUNDS):  # the first warms up what the others find ready
            began = time.monotonic()
            (traced,) = Traces(loaded, modules, few, ()).warmups(small, control)
            seconds, rows = time.monotonic() - began, len(next(iter(traced.keys.values())))
            report(done + 1, _ROUNDS)
        if recipe.normalisation != "whitening":
            return cls(seconds / len(few), 0.0)
        widest = max(m.d_out for m in modules)
        began = time.monotonic()
        torch.linalg.eigh(torch.eye(widest, dtype=torch.float64, device="cpu"))
        decomposition = (time.monotonic() - began) * len(modules)
        needed = math.ceil(_MARGIN * widest * len(few) / rows)
        return cls(seconds / len(few), decomposition, max(FEWEST_STATISTICS, needed))

    def seconds(self, split: Split, texts: Texts, recipe: Recipe) -> float:
        """Until the first point: texts, statistics, the unedited model's scores and one trial."""
        scored = 2 * len(split.edits) + min(len(texts.perplexity), SEARCH_TEXTS)
        ready = len(split.statistics) + scored + _TEXT * len(texts.protection)
        trial = recipe.passes * len(split.edits) + scored
        return self.fact * (ready + trial) + self.decomposition


@dataclass(frozen=True, slots=True)
class Plan:
    split: Split
    texts: Texts
    seconds: float  # until the first point, as estimated

    @classmethod
    def within(cls, budget: float, pace: Pace, split: Split, texts: Texts, recipe: Recipe) -> "Plan":
        """The whole where that leaves time for a search, else as much as does; ``budget`` in seconds from now."""
        for size in _SIZES:
            smaller, fewer = _split(split, size, pace.statistics), _texts(texts, size)
            plan = cls(smaller, fewer, pace.seconds(smaller, fewer, recipe))
            if plan.seconds <= _SHARE * budget:
                break
        return plan


def in_words(seconds: float) -> str:
    """Rounded up."""
    whole = math.ceil(seconds)
    return f"{whole:,} s" if whole < 120 else f"{math.ceil(seconds / 60):,} min"


def _split(split: Split, size: float, statistics: int) -> Split:
    edits = _some(len(split.edits), size, _FEWEST_EDITS)
    return replace(
        split,
        statistics=split.statistics[: _some(len(split.statistics), size, statistics)],
        edits=split.edits[:edits],
        held_out=split.held_out[:edits],
    )


def _texts(texts: Texts, size: float) -> Texts:
    return Texts(*(t[: _some(len(t), size, _FEWEST_TEXTS)] for t in (texts.protection, texts.perplexity)))


def _some(whole: int, size: float, fewest: int) -> int:
    return max(round(size * whole), min(whole, fewest))
