"""The table's columns: what each shows of a fact, and how a typed text goes back into it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from workbench.facts.cells import TAG_SEPARATORS
from workbench.facts.fact import Fact
from workbench.facts.text import clean, count


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    title: str
    about: str
    width: int  # pixels
    narrow: bool  # shown in the narrow dock
    read: Callable[[Fact], str]
    write: Callable[[Fact, str], Fact] | None = None  # None: not edited in place
    number: Callable[[Fact], int] | None = None  # sorts by this instead of by the text


def tags_of(text: str) -> tuple[str, ...]:
    """Without repeats, in the order typed."""
    for separator in TAG_SEPARATORS:
        text = text.replace(separator, "\n")
    return tuple(dict.fromkeys(filter(None, map(clean, text.split("\n")))))


def problem_of(fact: Fact) -> str:
    """Why a fact cannot be edited into a model, in one sentence; "" where it can."""
    if not fact.prompt:
        return "The prompt is empty: type what the model should continue."
    if not fact.target:
        return "The target is empty: type what the model should answer."
    return ""


COLUMNS = (
    Column(
        "prompt",
        "Prompt",
        "What the model is given",
        190,
        True,
        lambda fact: fact.prompt,
        lambda fact, text: replace(fact, prompt=clean(text)),
    ),
    Column(
        "target",
        "Target",
        "What the model should answer after the edit",
        98,
        True,
        lambda fact: fact.target,
        lambda fact, text: replace(fact, target=clean(text)),
    ),
    Column(
        "old",
        "Old answer",
        "What the model answered before, where known",
        100,
        False,
        lambda fact: fact.old,
        lambda fact, text: replace(fact, old=clean(text)),
    ),
    Column(
        "rephrases",
        "Rephrases",
        "Other wordings that should give the target too",
        84,
        False,
        lambda fact: f"{len(fact.rephrases):,}" if fact.rephrases else "",
        number=lambda fact: len(fact.rephrases),
    ),
    Column(
        "locality",
        "Locality",
        "Prompts whose answers must not change",
        76,
        False,
        lambda fact: f"{len(fact.locality):,}" if fact.locality else "",
        number=lambda fact: len(fact.locality),
    ),
    Column(
        "tags",
        "Tags",
        "Your own words, to filter by",
        100,
        False,
        lambda fact: ", ".join(fact.tags),
        lambda fact, text: replace(fact, tags=tags_of(text)),
    ),
    Column("state", "State", "What has happened to the fact", 98, True, lambda _fact: ""),
)

PROMPT, TARGET, OLD, REPHRASES, LOCALITY, TAGS, STATE = range(len(COLUMNS))


def facts_in_words(number: int) -> str:
    return count(number, "fact")
