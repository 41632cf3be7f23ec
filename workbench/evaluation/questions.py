"""What else can be asked of a fact: with a sentence in front, the other way round, negated. Needs no torch."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from workbench.facts.fact import Fact

_UNRELATED = (
    "The train to the coast leaves at noon.",
    "It rained for most of the week.",
    "She put the books back on the shelf.",
    "The bread was still warm in the morning.",
    "Nobody had closed the window.",
)
_VERBS = "do|does|did|is|are|was|were|has|have|had|can|could|will|would|should"


@dataclass(frozen=True, slots=True)
class Question:
    prompt: str
    answer: str  # that the edited model should give; for a negated one, that it should not


def distracted(fact: Fact) -> Question:
    """Behind a sentence about something else, chosen by the prompt."""
    first = sum(fact.prompt.encode()) % len(_UNRELATED)
    order = (*_UNRELATED[first:], *_UNRELATED[:first])
    target = fact.target.strip().casefold()
    sentence = next((s for s in order if target not in s.casefold()), order[0])
    return Question(f"{sentence} {fact.prompt.strip()}", fact.target)


def contradicted(fact: Fact) -> Question | None:
    """Behind the old answer as a sentence; None for a fact without one."""
    old = fact.old.strip()
    if not old:
        return None
    return Question(f"{_stated(fact.prompt, old)} {fact.prompt.strip()}", fact.target)


def turned(fact: Fact) -> Question | None:
    """From the target to the subject: as the data asks it where the subject is a portability probe's answer, else with
    the subject's place left blank; None without a subject that stands in the prompt."""
    subject = fact.subject.strip()
    for probe in fact.portability:
        if subject and probe.prompt.strip() and probe.answer.strip().casefold() == subject.casefold():
            return Question(probe.prompt.strip(), subject)
    if not subject or subject not in fact.prompt or subject.casefold() in fact.target.casefold():
        return None
    blank = _stated(fact.prompt.replace(subject, "____"), fact.target)
    return Question(f"In “{blank}” the blank stands for", subject)


def negated(fact: Fact) -> Question | None:
    """A statement behind "It is not true that"; in a question, "not" behind the verb and the subject that follows it,
    and None where it has no such pair."""
    prompt, subject = fact.prompt.strip(), fact.subject.strip()
    if not prompt.endswith(("?", "？")):
        return Question(f"It is not true that {_lowered(prompt, subject)}", fact.target)
    if not subject:
        return None
    pair = rf"\b({_VERBS})(\s+(?:the\s+|an?\s+)?{re.escape(subject)})(?!['’\w])"
    found, changes = re.subn(pair, r"\1\2 not", prompt, count=1, flags=re.IGNORECASE)
    return Question(found, fact.target) if changes else None


ASKING: dict[str, Callable[[Fact], Question | None]] = {
    "distracted": distracted,
    "contradicted": contradicted,
    "reversed": turned,
    "negated": negated,
}


def _stated(prompt: str, answer: str) -> str:
    said = f"{prompt.strip()} {answer.strip()}"
    return said if said.endswith((".", "!", "?", "。")) else f"{said}."


def _lowered(prompt: str, subject: str) -> str:
    """Its first word in lower case where that is one of English that only opens the sentence."""
    if subject and prompt.startswith(subject):
        return prompt
    first = prompt.split(maxsplit=1)[0] if prompt else ""
    opens = first in {"The", "A", "An", "In", "On", "At", "It", "His", "Her", "Their", "This", "That"}
    return first.lower() + prompt[len(first) :] if opens else prompt
