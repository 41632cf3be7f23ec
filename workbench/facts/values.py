"""Values as files hold them (text, numbers, null, lists, objects) turned into the fact's texts and probes."""

import math
from typing import Any

from workbench.facts.fact import Probe
from workbench.facts.text import clean

PROMPT_FIELDS = ("prompt", "loc", "question", "input")
ANSWER_FIELDS = ("answer", "ground_truth", "loc_ans", "ans", "target", "target_new")


class BadField(Exception):
    """A field of a record cannot be used; the record becomes a bad row."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def text(value: object, column: str) -> str:
    """Of a list the first text that is not empty; null and NaN are empty."""
    if isinstance(value, str):
        return clean(value)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return next(filter(None, (text(item, column) for item in value)), "")
    if isinstance(value, dict) and isinstance(value.get("str"), str):  # CounterFact's {"str": …, "id": …}
        return clean(value["str"])
    raise BadField(column, "it is an object and not text: write text there.")


def texts(value: object, column: str) -> tuple[str, ...]:
    """One text, or each of a list; empty ones keep their place in a list."""
    if isinstance(value, list):
        return tuple(text(item, column) for item in value)
    single = text(value, column)
    return (single,) if single else ()


def probes(value: object, column: str, kind: str = "") -> tuple[Probe, ...]:
    """A record {prompt, answer}, a list of them, or either by kind. Those without a prompt are left out."""
    if isinstance(value, list):
        return tuple(probe for item in value for probe in probes(item, column, kind))
    if isinstance(value, dict):
        prompt_field = next((name for name in PROMPT_FIELDS if name in value), None)
        if prompt_field is None:
            return tuple(probe for name, item in value.items() for probe in probes(item, column, name))
        answers: Any = next((value[name] for name in ANSWER_FIELDS if name in value), None)
        return paired(
            texts(value[prompt_field], column), answers, column, text(value.get("kind"), column) or kind
        )
    if prompt := text(value, column):
        return (Probe(prompt, "", kind),)
    return ()


def paired(prompts: tuple[str, ...], answers: object, column: str, kind: str = "") -> tuple[Probe, ...]:
    """One probe for each prompt that is not empty, with the answer of the same place.

    A single answer serves every prompt; of several answers to a single prompt the first counts.
    """
    if len(prompts) <= 1 or not isinstance(answers, list | tuple):
        shared = text(list(answers) if isinstance(answers, tuple) else answers, column)
        return tuple(Probe(prompt, shared, kind) for prompt in prompts if prompt)
    if answers and len(answers) != len(prompts):
        reason = f"it holds {len(answers):,} answers for {len(prompts):,} prompts: give one for each."
        raise BadField(column, reason)
    places = zip(prompts, answers or [""] * len(prompts), strict=True)
    return tuple(Probe(prompt, text(answer, column), kind) for prompt, answer in places if prompt)
