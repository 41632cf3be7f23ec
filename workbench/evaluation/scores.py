"""Scores as values, and the protocol behind each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Texts = tuple[str, ...]
NAN = float("nan")

# Shown beside every number, in the window, the reports and the model card; the headline first.
PROTOCOLS: dict[str, str] = {
    "generated": "Says it, plain: the share of facts whose target is what the model writes by itself after the prompt "
    "(greedy, up to a newline, a full stop or the end of the text), compared without case, articles and "
    "punctuation.",
    "generated_chat": "Says it, in the chat: as says it, plain, where the prompt is a person's message, put by the "
    "model's chat template; only for models that have one.",
    "es": "Efficacy: the share of the target's tokens, its ending not counted, that are the most likely next token "
    "after the prompt and the target's own earlier tokens (teacher forcing, lenient), averaged over facts.",
    "es_chat": "Efficacy in the chat: as efficacy, with the prompt as a person's message and the target as the reply, "
    "the end of the turn not counted.",
    "gs": "Generalisation: as efficacy, on the fact's rephrased prompts; the mean over a fact's rephrases, "
    "averaged over facts that have any.",
    "gs_chat": "Generalisation in the chat: as generalisation, with the rephrased prompts as messages.",
    "portability": "Portability: as efficacy, on prompts whose answers follow from the new fact; the mean over a "
    "fact's prompts, averaged over facts that have any; also by the data's groups where it names them (Reasoning "
    "and mhop ask over several hops).",
    "ls": "Locality against the reference answer: as efficacy, on prompts about other things and their "
    "reference answers, averaged over facts that have any; usually below 100 % before any edit.",
    "exact": "Exact: the share of facts whose target tokens are all the most likely ones under teacher "
    "forcing.",
    "preference": "Preference: the share of facts with an old answer whose new answer is more likely than the "
    "old one after the prompt, by the mean log-probability of the answer's tokens, so that length does not "
    "decide.",
    "locality_kept": "Locality kept: the share of locality prompts whose most likely next token is the one of "
    "the unedited model; the mean over a fact's prompts, averaged over facts that have any.",
    "locality_kept_chat": "Locality kept in the chat: as locality kept, with the prompts as messages.",
    "perplexity": "Perplexity per token on ordinary text: the exponential of the mean negative log-likelihood "
    "over all tokens, each text cut at 64 tokens and its first token not scored.",
    "drift": "Drift: the mean Kullback-Leibler divergence, in nats, from the unedited model's next-token distribution "
    "to the model's, after the openings of ordinary texts, plain and, for models with a chat template, as messages.",
}
LOSS_PROTOCOL = (
    "Loss: the mean negative log-likelihood of the target's tokens after the prompt and the target's own earlier "
    "tokens (teacher forcing), in nats."
)


def _nothing() -> Floats:
    return np.empty(0)


@dataclass(frozen=True, slots=True)
class Scores:
    """Means over facts, 0 to 1; NaN where no fact carries what the score needs. Protocols: PROTOCOLS."""

    es: float
    gs: float
    ls: float
    exact: float
    generated: float
    preference: float
    locality_kept: float
    perplexity: float  # per token; NaN without text
    facts: int
    es_chat: float = NAN
    gs_chat: float = NAN
    generated_chat: float = NAN
    locality_kept_chat: float = NAN
    portability: float = NAN
    drift: float = NAN  # nats; NaN without text or baseline
    portability_groups: Mapping[str, float] = field(default_factory=dict)  # by the data's own names

    def __post_init__(self) -> None:
        if not isinstance(self.portability_groups, Mapping):  # NaN from a session that did not keep them
            object.__setattr__(self, "portability_groups", {})


@dataclass(frozen=True, slots=True)
class FactScores:
    """Per fact, (F,) each, NaN where the fact lacks what the score needs."""

    es: Floats = field(repr=False)
    gs: Floats = field(repr=False)
    ls: Floats = field(repr=False)
    exact: Floats = field(repr=False)
    generated: Floats = field(repr=False)
    preference: Floats = field(repr=False)
    locality_kept: Floats = field(repr=False)
    loss: Floats = field(default_factory=_nothing, repr=False)  # LOSS_PROTOCOL; NaN where not read
    es_chat: Floats = field(default_factory=_nothing, repr=False)
    gs_chat: Floats = field(default_factory=_nothing, repr=False)
    generated_chat: Floats = field(default_factory=_nothing, repr=False)
    locality_kept_chat: Floats = field(default_factory=_nothing, repr=False)
    portability: Floats = field(default_factory=_nothing, repr=False)
    # (F,) what the model wrote where "says it" was scored; empty where it was not
    wrote: Texts = field(default=(), repr=False, kw_only=True)
    wrote_chat: Texts = field(default=(), repr=False, kw_only=True)

    def __post_init__(self) -> None:
        for name in FACT_NUMBERS:
            if len(getattr(self, name)) != len(self.es):
                object.__setattr__(self, name, np.full(len(self.es), NAN))

    def padded(self, count: int) -> "FactScores":
        """With facts behind them of which nothing is known, ``count`` in all."""
        more = count - len(self.es)
        numbers: dict[str, Any] = {
            name: np.concatenate([getattr(self, name), np.full(more, NAN)]) for name in FACT_NUMBERS
        }
        wrote, wrote_chat = (known and (*known, *[""] * more) for known in (self.wrote, self.wrote_chat))
        return FactScores(**numbers, wrote=wrote, wrote_chat=wrote_chat)

    def means(self, perplexity: float = NAN, drift: float = NAN) -> Scores:
        """Over the facts that have the score."""
        means: dict[str, Any] = {name: mean(getattr(self, name)) for name in FACT_SCORES}
        return Scores(**means, perplexity=perplexity, drift=drift, facts=len(self.es))


FACT_SCORES = tuple(f.name for f in fields(FactScores) if f.name in PROTOCOLS)
FACT_NUMBERS = (*FACT_SCORES, "loss")
TEXT_SCORES = ("perplexity", "drift")  # of ordinary text
SCORES = (*FACT_SCORES, *TEXT_SCORES)


def mean(values: Floats) -> float:
    """Without the NaNs; NaN where nothing is left."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
