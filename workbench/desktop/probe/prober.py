"""How the probe dock reaches the two models. Implementations serialise access with a run that goes on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from threading import Event
from typing import Protocol

from workbench.evaluation.manner import Manner


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
    read: str = ""  # what the model was given, the chat template's signs among it


@dataclass(frozen=True, slots=True)
class Question:
    """One probe of a fact."""

    prompt: str
    expected: str = ""  # empty: nothing is
    chat: bool = False  # as a person's message, behind the system prompt that the facts were edited with


class Prober(Protocol):
    """Called in a worker thread. Every call may wait for the step of a run to end, looks at ``cancel`` while it does,
    and raises WorkbenchError (Cancelled, InputError, NonFinite)."""

    @property
    def has_chat(self) -> bool:
        """Whether the model has a chat template. Called in the window's thread; never waits."""

    def next_tokens(self, side: Side, prompt: str, manner: Manner, count: int, cancel: Event) -> Odds: ...

    def stream(self, side: Side, prompt: str, manner: Manner, cancel: Event) -> Iterator[str]:
        """Pieces of the continuation as they are written."""

    def answers(self, side: Side, questions: Sequence[Question], cancel: Event) -> Iterator[Answer]:
        """One for each, in their order."""
