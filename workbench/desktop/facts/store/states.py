"""What has happened to a fact: a word, and the token of its colour."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
StateArray = NDArray[np.uint8]


class State(IntEnum):
    NEW = 0
    EDITING = 1
    EDITED = 2  # applied, not scored yet
    KEPT = 3
    LOST = 4
    CONFLICT = 5
    WARM_UP = 6
    SKIPPED = 7
    MISSED = 8

    @property
    def word(self) -> str:
        return self.name.lower().replace("_", "-")


FORGOTTEN = frozenset({State.LOST, State.MISSED})  # edited, and not answered now

MEANING = {
    State.NEW: "not edited into the model yet",
    State.EDITING: "in the step that runs now",
    State.EDITED: "edited into the model, not scored yet",
    State.KEPT: "the edited model answers with the target",
    State.LOST: "edited, but the model no longer answers with the target",
    State.CONFLICT: "another fact has the same prompt and a different target",
    State.WARM_UP: "used for the whitening statistics",
    State.SKIPPED: "left out because its step was not finite; Edit tries it again",
    State.MISSED: "edited, but the model did not answer with the target right after its step, nor since",
}

TOKEN = {
    State.NEW: "edge",
    State.EDITING: "accent",
    State.EDITED: "dim",
    State.KEPT: "good",
    State.LOST: "bad",
    State.CONFLICT: "warning",
    State.WARM_UP: "dim",
    State.SKIPPED: "warning",
    State.MISSED: "bad",
}


def in_words(state: State, step: int) -> str:
    """One sentence; ``step`` is −1 for a fact that no step has touched."""
    meaning = f"{state.word.capitalize()}: {MEANING[state]}"
    return f"{meaning} (edited at step {step:,})." if step >= 0 else f"{meaning}."
