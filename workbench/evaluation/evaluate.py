"""All scores of a model on facts and on ordinary text."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from workbench.evaluation.answers import generated_success
from workbench.evaluation.batching import Watch
from workbench.evaluation.encoded import EncodedFacts, Probes
from workbench.evaluation.reading import Ints, Readings, read_answers
from workbench.evaluation.scores import FACT_SCORES, SCORES, FactScores, Floats, Scores
from workbench.models.encoding import Encoded
from workbench.models.loaded import LoadedModel

_ON_PROMPTS = {"es", "exact", "preference"}
_ON_LOCALITY = {"ls", "locality_kept"}


@dataclass(frozen=True, slots=True)
class Baseline:
    """The unedited model's next token after each locality prompt, by the probe's number."""

    tokens: Ints = field(repr=False)  # -1 where it was not read

    def at(self, number: Ints) -> Ints:
        """-1 for probes that were not read."""
        found = np.full(len(number), -1, dtype=np.int64)
        known = number < len(self.tokens)
        found[known] = self.tokens[number[known]]
        return found


def read_baseline(loaded: LoadedModel, facts: EncodedFacts, watch: Watch | None = None) -> Baseline:
    """Call it before the first edit."""
    return _as_baseline(facts, read_answers(loaded, facts.locality.items, watch).first)


def evaluate(
    loaded: LoadedModel,
    facts: EncodedFacts,
    baseline: Baseline | None = None,
    texts: Sequence[Encoded] = (),
    which: Collection[str] = SCORES,
    watch: Watch | None = None,
) -> tuple[Scores, FactScores]:
    """Scores that are not in ``which`` are NaN, and ``locality_kept`` without a baseline.

    ``texts``: see encode_texts. ``watch`` counts forward passes and generations.
    Raises Cancelled, OutOfMemory and NonFinite.
    """
    watch = _counting(watch, facts, texts, which)
    return _evaluate(loaded, facts, baseline, texts, which, watch, None)


def evaluate_unedited(
    loaded: LoadedModel,
    facts: EncodedFacts,
    texts: Sequence[Encoded] = (),
    which: Collection[str] = SCORES,
    watch: Watch | None = None,
) -> tuple[Scores, FactScores, Baseline]:
    """As ``evaluate`` before the first edit; the baseline comes from the same forward passes."""
    watch = _counting(watch, facts, texts, {*which, "locality_kept"})
    locality = read_answers(loaded, facts.locality.items, watch)
    baseline = _as_baseline(facts, locality.first)
    scores, per_fact = _evaluate(loaded, facts, baseline, texts, which, watch, locality)
    return scores, per_fact, baseline


def batch_success(loaded: LoadedModel, prompts: Sequence[Encoded], watch: Watch | None = None) -> Floats:
    """ES of each prompt and target, (len(prompts),)."""
    return read_answers(loaded, prompts, watch).share


def perplexity(loaded: LoadedModel, texts: Sequence[Encoded], watch: Watch | None = None) -> float:
    """Per token; NaN without texts, infinite where the model collapsed beyond what a float holds."""
    if not texts:
        return math.nan
    found = read_answers(loaded, texts, watch)
    try:
        return math.exp(-found.log_prob.sum() / found.tokens.sum())
    except OverflowError:
        return math.inf


def _as_baseline(facts: EncodedFacts, first: Ints) -> Baseline:
    tokens = np.full(facts.locality.number.max(initial=-1) + 1, -1, dtype=np.int64)
    tokens[facts.locality.number] = first
    return Baseline(tokens)


def _counting(
    watch: Watch | None, facts: EncodedFacts, texts: Sequence[Encoded], which: Collection[str]
) -> Watch:
    """The watch with the evaluation's work added to its total. Raises ValueError for an unknown score."""
    if unknown := set(which).difference(SCORES):
        raise ValueError(f"unknown scores: {', '.join(sorted(unknown))}")
    parts = (
        (len(facts), _ON_PROMPTS),
        (int((_single(facts.old) < 0).sum()), {"preference"}),
        (len(facts.rephrases.items), {"gs"}),
        (len(facts.locality.items), _ON_LOCALITY),
        (len(facts), {"generated"}),
        (len(texts), {"perplexity"}),
    )
    watch = watch or Watch()
    watch.total = watch.done + sum(rows for rows, scores in parts if scores.intersection(which))
    return watch


def _evaluate(
    loaded: LoadedModel,
    facts: EncodedFacts,
    baseline: Baseline | None,
    texts: Sequence[Encoded],
    which: Collection[str],
    watch: Watch,
    locality: Readings | None,
) -> tuple[Scores, FactScores]:
    """``locality``: what was read on the locality probes already."""
    found: dict[str, Floats] = {}
    new: Readings | None = None
    if _ON_PROMPTS.intersection(which):
        new = _read_prompts(loaded, facts, "preference" in which, watch)
        found |= {"es": new.share, "exact": new.exact}
        if "preference" in which:
            found["preference"] = _preference(loaded, facts, new, watch)
    if "gs" in which:
        rephrased = read_answers(loaded, facts.rephrases.items, watch)
        found["gs"] = facts.rephrases.means(rephrased.share, len(facts))
    if _ON_LOCALITY.intersection(which):
        locality = locality or read_answers(loaded, facts.locality.items, watch)
        found |= _on_locality(facts, baseline, locality)
    if "generated" in which:
        found["generated"] = generated_success(loaded, facts, watch, None if new is None else new.first)
    collapse = perplexity(loaded, texts, watch) if "perplexity" in which else math.nan
    unknown = np.full(len(facts), np.nan)
    per_fact = FactScores(
        **{name: found[name] if name in which and name in found else unknown for name in FACT_SCORES},
        loss=unknown if new is None else -new.mean_log_prob,
    )
    return per_fact.means(collapse), per_fact


def _read_prompts(loaded: LoadedModel, facts: EncodedFacts, with_old: bool, watch: Watch) -> Readings:
    """An old answer of one token is read in the same pass."""
    rivals = np.full(len(facts), -1, dtype=np.int64)
    if with_old:
        rivals[facts.old.owner] = _single(facts.old)
    return read_answers(loaded, facts.prompts, watch, rivals)


def _preference(loaded: LoadedModel, facts: EncodedFacts, new: Readings, watch: Watch) -> Floats:
    old = new.rival.copy()  # mean log-probability of the old answer, nats
    longer = np.flatnonzero(_single(facts.old) < 0)
    read = read_answers(loaded, [facts.old.items[i] for i in longer], watch)
    old[facts.old.owner[longer]] = read.mean_log_prob
    return np.where(np.isnan(old), np.nan, new.mean_log_prob > old)


def _single(old: Probes) -> Ints:
    """(P,) the answer's only token, -1 where it has several."""
    only = [e.answer[0] if len(e.answer) == 1 else -1 for e in old.items]
    return np.array(only, dtype=np.int64)


def _on_locality(facts: EncodedFacts, baseline: Baseline | None, read: Readings) -> dict[str, Floats]:
    probes = facts.locality
    found = {"ls": probes.means(np.where(probes.answered, read.share, np.nan), len(facts))}
    if baseline is not None:
        before = baseline.at(probes.number)
        kept = np.where(before >= 0, read.first == before, np.nan)
        found["locality_kept"] = probes.means(kept, len(facts))
    return found
