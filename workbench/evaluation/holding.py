"""Whether the model has a fact: it says it by itself, it answers only when forced, or neither. Needs no torch."""

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from workbench.evaluation.scores import FactScores

TAKEN = 0.999  # share of the target's tokens from which a fact counts as answered
SUFFIXES = {"plain": ("",), "chat": ("_chat",), "both": ("", "_chat")}  # form of a run → of its scores

Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint8]


class Hold(IntEnum):
    NOT = 0
    FORCED = 1  # each token of the target is the likeliest one, but the model was not seen to write it
    SAID = 2  # what the model writes is the target


def holds(scores: FactScores, form: str) -> Codes:
    """(facts,) a Hold each: the lesser of those forms that the run was made for and that were scored."""
    found = np.full(len(scores.es), Hold.SAID, np.uint8)
    scored = np.zeros(len(scores.es), np.bool_)
    for suffix in SUFFIXES[form]:
        es, said = getattr(scores, f"es{suffix}"), getattr(scores, f"generated{suffix}")
        here = ~(np.isnan(es) & np.isnan(said))
        hold = np.where(said >= TAKEN, Hold.SAID, np.where(es >= TAKEN, Hold.FORCED, Hold.NOT))
        found[here] = np.minimum(found, hold)[here]
        scored |= here
    found[~scored] = Hold.NOT
    return found
