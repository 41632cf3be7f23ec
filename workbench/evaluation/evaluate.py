"""All scores of a model on facts and on ordinary text."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from workbench.evaluation.answers import generated_answers
from workbench.evaluation.batching import Watch
from workbench.evaluation.drift import OPENINGS, Reference, drift, read_reference
from workbench.evaluation.encoded import EncodedFacts, Probes
from workbench.evaluation.reading import Ints, Readings, read_answers
from workbench.evaluation.scores import FACT_SCORES, SCORES, FactScores, Floats, Scores, Texts
from workbench.models.encoding import Encoded
from workbench.models.loaded import LoadedModel

_ON_PROMPTS = {"es", "exact", "preference"}
_ON_LOCALITY = {"ls", "locality_kept"}
_Locality = tuple[Readings, Readings | None]  # read on the probes, plain and in the chat


@dataclass(frozen=True, slots=True)
class Baseline:
    """The unedited model's next token after each locality prompt, by the probe's number."""

    tokens: Ints = field(repr=False)  # -1 where it was not read
    chat: "Baseline | None" = field(default=None, repr=False)  # of the same prompts as messages
    drift: Reference | None = field(default=None, repr=False)

    def at(self, number: Ints) -> Ints:
        """-1 for probes that were not read."""
        found = np.full(len(number), -1, dtype=np.int64)
        known = number < len(self.tokens)
        found[known] = self.tokens[number[known]]
        return found


def read_baseline(
    loaded: LoadedModel, facts: EncodedFacts, texts: Sequence[Encoded] = (), watch: Watch | None = None
) -> Baseline:
    """Call it before the first edit."""
    return _baseline(loaded, facts, _locality(loaded, facts, watch), texts, watch)


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
    return _evaluate(loaded, facts, baseline, texts, which, watch, (None, None))


def evaluate_unedited(
    loaded: LoadedModel,
    facts: EncodedFacts,
    texts: Sequence[Encoded] = (),
    which: Collection[str] = SCORES,
    watch: Watch | None = None,
) -> tuple[Scores, FactScores, Baseline]:
    """As ``evaluate`` before the first edit; the baseline comes from the same forward passes."""
    kept = {"locality_kept"} if facts.chat is None else {"locality_kept", "locality_kept_chat"}
    watch = _counting(watch, facts, texts, {*which, "drift", *kept})
    locality = _locality(loaded, facts, watch)
    baseline = _baseline(loaded, facts, locality, texts, watch)
    scores, per_fact = _evaluate(loaded, facts, baseline, texts, {*which} - {"drift"}, watch, locality)
    moved = 0.0 if "drift" in which and baseline.drift is not None else math.nan
    return replace(scores, drift=moved), per_fact, baseline


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


def _baseline(
    loaded: LoadedModel,
    facts: EncodedFacts,
    locality: _Locality,
    texts: Sequence[Encoded],
    watch: Watch | None,
) -> Baseline:
    plain, chat = locality
    in_chat = None if facts.chat is None or chat is None else Baseline(_first_tokens(facts.chat, chat))
    moved_from = read_reference(loaded, texts, watch) if texts else None
    return Baseline(_first_tokens(facts, plain), in_chat, moved_from)


def _first_tokens(facts: EncodedFacts, read: Readings) -> Ints:
    tokens = np.full(facts.locality.number.max(initial=-1) + 1, -1, dtype=np.int64)
    tokens[facts.locality.number] = read.first
    return tokens


def _locality(loaded: LoadedModel, facts: EncodedFacts, watch: Watch | None) -> _Locality:
    plain = read_answers(loaded, facts.locality.items, watch)
    return plain, None if facts.chat is None else read_answers(loaded, facts.chat.locality.items, watch)


def _counting(
    watch: Watch | None, facts: EncodedFacts, texts: Sequence[Encoded], which: Collection[str]
) -> Watch:
    """The watch with the evaluation's work added to its total. Raises ValueError for an unknown score."""
    if unknown := set(which).difference(SCORES):
        raise ValueError(f"unknown scores: {', '.join(sorted(unknown))}")
    watch = watch or Watch()
    watch.total = watch.done + _work(facts, which) + len(texts) * ("perplexity" in which)
    if facts.chat is not None:
        watch.total += _work(facts.chat, _of_chat(which))
    if "drift" in which:
        watch.total += min(len(texts), OPENINGS) * (1 if facts.chat is None else 2)
    return watch


def _work(facts: EncodedFacts, which: Collection[str]) -> int:
    parts = (
        (len(facts), _ON_PROMPTS),
        (int((_single(facts.old) < 0).sum()), {"preference"}),
        (len(facts.rephrases.items), {"gs"}),
        (len(facts.portability.items), {"portability"}),
        (len(facts.locality.items), _ON_LOCALITY),
        (len(facts), {"generated"}),
    )
    return sum(rows for rows, scores in parts if scores.intersection(which))


def _of_chat(which: Collection[str]) -> frozenset[str]:
    """The chat's scores by their plain names."""
    return frozenset(name.removesuffix("_chat") for name in which if name.endswith("_chat"))


def _evaluate(
    loaded: LoadedModel,
    facts: EncodedFacts,
    baseline: Baseline | None,
    texts: Sequence[Encoded],
    which: Collection[str],
    watch: Watch,
    locality: tuple[Readings | None, Readings | None],
) -> tuple[Scores, FactScores]:
    """``locality``: what was read on the locality probes already, plain and in the chat."""
    found, new, wrote = _in_one_form(loaded, facts, baseline, which, watch, locality[0])
    wrote_chat: Texts = ()
    if facts.chat is not None and (asked := _of_chat(which)):
        in_chat, _, wrote_chat = _in_one_form(
            loaded, facts.chat, baseline and baseline.chat, asked, watch, locality[1]
        )
        found |= {f"{name}_chat": values for name, values in in_chat.items()}
    groups: dict[str, float] = {}
    if "portability" in which:
        probes = facts.portability
        shares = read_answers(loaded, probes.items, watch).share
        found["portability"] = probes.means(shares, len(facts))
        groups = probes.group_means(shares, len(facts))
    collapse = perplexity(loaded, texts, watch) if "perplexity" in which else math.nan
    moved = math.nan
    if "drift" in which and baseline is not None and baseline.drift is not None:
        moved = drift(loaded, baseline.drift, watch)
    unknown = np.full(len(facts), np.nan)
    per_fact = FactScores(
        **{name: found[name] if name in which and name in found else unknown for name in FACT_SCORES},
        loss=unknown if new is None else -new.mean_log_prob,
        wrote=wrote,
        wrote_chat=wrote_chat,
    )
    return replace(per_fact.means(collapse, moved), portability_groups=groups), per_fact


def _in_one_form(
    loaded: LoadedModel,
    facts: EncodedFacts,
    baseline: Baseline | None,
    which: Collection[str],
    watch: Watch,
    locality: Readings | None,
) -> tuple[dict[str, Floats], Readings | None, Texts]:
    """Scores by name, what was read on the prompts, and what the model wrote after them."""
    found: dict[str, Floats] = {}
    wrote: Texts = ()
    new: Readings | None = None
    if _ON_PROMPTS.intersection(which):
        new = _read_prompts(loaded, facts, "preference" in which, watch)
        found |= {"es": new.share, "exact": new.exact}
        if "preference" in which:
            found["preference"] = _preference(loaded, facts, new, watch)
    if "gs" in which:
        probes = facts.rephrases
        found["gs"] = probes.means(read_answers(loaded, probes.items, watch).share, len(facts))
    if _ON_LOCALITY.intersection(which):
        locality = locality or read_answers(loaded, facts.locality.items, watch)
        found |= _on_locality(facts, baseline, locality)
    if "generated" in which:
        first = None if new is None else new.first
        found["generated"], wrote = generated_answers(loaded, facts, watch, first)
    return found, new, wrote


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
