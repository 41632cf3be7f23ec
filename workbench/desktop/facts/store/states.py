"""What has happened to a fact: a word, and the token of its colour."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from workbench.evaluation.fact_history import Fate

IntArray = NDArray[np.int64]
StateArray = NDArray[np.uint8]


class State(IntEnum):
    NEW = 0
    EDITING = 1
    EDITED = 2  # applied, not scored yet
    SAID = 3
    FORCED = 4
    LOST = 5
    MISSED = 6
    CONFLICT = 7
    WARM_UP = 8
    SKIPPED = 9
    DUPLICATE = 10

    @property
    def word(self) -> str:
        return _WORDS.get(self) or self.name.lower().replace("_", "-")


_WORDS = {State.SAID: Fate.SAID.value, State.FORCED: Fate.FORCED.value}

FORGOTTEN = frozenset({State.LOST, State.MISSED})  # edited, and not held now

MEANING = {
    State.NEW: "not edited into the model yet",
    State.EDITING: "in the step that runs now",
    State.EDITED: "edited into the model, not scored yet",
    State.SAID: "the edited model writes the target by itself, in every form that it was edited in",
    State.FORCED: "each token of the target is the likeliest one after those before it, but the model does not write "
    "the target by itself, or that was not scored",
    State.LOST: "it held after its step; now the model neither writes the target nor gives it when forced",
    State.CONFLICT: "another fact has the same prompt and a different target",
    State.DUPLICATE: "an earlier fact has the same prompt and target; Resolve conflicts… leaves one of them",
    State.WARM_UP: "used for the whitening statistics",
    State.SKIPPED: "left out because its step was not finite; Edit tries it again",
    State.MISSED: "edited, but it did not hold right after its step, nor since",
}

TOKEN = {
    State.NEW: "edge",
    State.EDITING: "accent",
    State.EDITED: "dim",
    State.SAID: "good",
    State.FORCED: "warning",
    State.LOST: "bad",
    State.CONFLICT: "warning",
    State.DUPLICATE: "warning",
    State.WARM_UP: "dim",
    State.SKIPPED: "warning",
    State.MISSED: "bad",
}


def in_words(state: State, step: int, wrote: str = "") -> str:
    """``step`` is −1 for a fact that no step has touched; ``wrote``: a sentence about what the model wrote."""
    meaning = f"{state.word.capitalize()}: {MEANING[state]}"
    said = f"{meaning} (edited at step {step:,})." if step >= 0 else f"{meaning}."
    return f"{said}\n\n{wrote}" if wrote else said
