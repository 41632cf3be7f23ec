"""How the probe dock reaches the two models. Implementations serialise access with a run that goes on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from threading import Event
from typing import Protocol


class Side(Enum):
    """Which of the two models is asked; the value heads its column."""

    ORIGINAL = "Original"
    EDITED = "Edited"


Odds = Sequence[tuple[str, float]]  # text of a token, probability; likeliest first


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model writes after a prompt, greedily, up to where an answer ends."""

    text: str
    hit: bool | None = None  # agrees with what is expected; None where nothing is
    first_token: int = -1  # the likeliest next token after the prompt, -1 where it was not read


class Prober(Protocol):
    """Called in a worker thread. Every call may wait for the step of a run to end, looks at ``cancel`` while it does,
    and raises WorkbenchError (Cancelled, InputError, NonFinite)."""

    def next_tokens(self, side: Side, prompt: str, count: int, cancel: Event) -> Odds: ...

    def stream(self, side: Side, prompt: str, cancel: Event) -> Iterator[str]:
        """Pieces of the greedy continuation as they are written."""

    def answers(self, side: Side, probes: Sequence[tuple[str, str]], cancel: Event) -> Iterator[Answer]:
        """One for each (prompt, expected answer or empty), in their order."""
