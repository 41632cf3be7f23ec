"""Scores as values, and the protocol behind each."""

from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Shown beside every number, in the window, the reports and the model card.
PROTOCOLS: dict[str, str] = {
    "es": "Efficacy: the share of the target's tokens that are the most likely next token after the prompt and "
    "the target's own earlier tokens (teacher forcing, lenient), averaged over facts.",
    "gs": "Generalisation: as efficacy, on the fact's rephrased prompts; the mean over a fact's rephrases, "
    "averaged over facts that have any.",
    "ls": "Locality against the reference answer: as efficacy, on prompts about other things and their "
    "reference answers, averaged over facts that have any; usually below 100 % before any edit.",
    "exact": "Exact: the share of facts whose target tokens are all the most likely ones under teacher "
    "forcing.",
    "generated": "Generated: the share of facts whose target is what the model writes by itself after the "
    "prompt (greedy, up to a newline, a full stop or the end of the text), compared without case, articles "
    "and punctuation.",
    "preference": "Preference: the share of facts with an old answer whose new answer is more likely than the "
    "old one after the prompt, by the mean log-probability of the answer's tokens, so that length does not "
    "decide.",
    "locality_kept": "Locality kept: the share of locality prompts whose most likely next token is the one of "
    "the unedited model; the mean over a fact's prompts, averaged over facts that have any.",
    "perplexity": "Perplexity per token on ordinary text: the exponential of the mean negative log-likelihood "
    "over all tokens, each text cut at 64 tokens and its first token not scored.",
}
LOSS_PROTOCOL = (
    "Loss: the mean negative log-likelihood of the target's tokens after the prompt and the target's own earlier "
    "tokens (teacher forcing), in nats."
)


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
    loss: Floats = field(default_factory=lambda: np.empty(0), repr=False)  # LOSS_PROTOCOL; NaN where not read

    def __post_init__(self) -> None:
        if len(self.loss) != len(self.es):
            object.__setattr__(self, "loss", np.full(len(self.es), np.nan))

    def means(self, perplexity: float = float("nan")) -> Scores:
        """Over the facts that have the score."""
        means = {name: mean(getattr(self, name)) for name in FACT_SCORES}
        return Scores(**means, perplexity=perplexity, facts=len(self.es))


FACT_SCORES = tuple(f.name for f in fields(FactScores) if f.name in PROTOCOLS)
SCORES = (*FACT_SCORES, "perplexity")


def mean(values: Floats) -> float:
    """Without the NaNs; NaN where nothing is left."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
