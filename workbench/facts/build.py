"""The last step from a record to a Fact, the same for every form, and the count of what it changed."""

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.facts.fact import Fact, Probe
from workbench.facts.text import count
from workbench.facts.values import BadField, text

EMPTY_PROMPT = "it is empty; write the prompt or remove the row."
EMPTY_TARGET = "it is empty; write what the model should answer or remove the row."


@dataclass(slots=True)
class Tally:
    """What reading changed so far."""

    trimmed: int = 0  # prompts that ended in a space
    repeats: int = 0  # rephrases that were the prompt itself

    def notes(self) -> tuple[str, ...]:
        notes = []
        if self.trimmed:
            notes.append(f"{count(self.trimmed, 'prompt')} ended in a space, which was removed.")
        if self.repeats:
            notes.append(
                f"{count(self.repeats, 'rephrase')} repeated the fact's own prompt and was left out."
                if self.repeats == 1
                else f"{count(self.repeats, 'rephrase')} repeated their fact's own prompt and were left out."
            )
        return tuple(notes)


def required(value: object, column: str, empty: str) -> str:
    """Raises BadField with the reason ``empty`` where no text is left."""
    if not (found := text(value, column)):
        raise BadField(column, empty)
    return found


def build(
    tally: Tally,
    prompt: tuple[object, str],
    target: tuple[object, str],
    *,
    subject: str = "",
    old: str = "",
    rephrases: Iterable[str] = (),
    locality: tuple[Probe, ...] = (),
    portability: tuple[Probe, ...] = (),
    tags: Iterable[str] = (),
    key: str = "",
    empty_target: str = EMPTY_TARGET,
) -> Fact:
    """``prompt`` and ``target`` are a raw value and the name of its column; the rest is cleaned text."""
    words = required(*prompt, EMPTY_PROMPT)
    answer = required(*target, empty_target)
    raw = prompt[0]
    if isinstance(raw, str) and raw[-1].isspace():
        tally.trimmed += 1
    others = tuple(filter(None, rephrases))
    if words in others:
        kept = tuple(other for other in others if other != words)
        tally.repeats += len(others) - len(kept)
        others = kept
    return Fact(words, answer, subject, old, others, locality, portability, tuple(filter(None, tags)), key)
