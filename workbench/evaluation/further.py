"""Scores that cost a generation a fact each and are measured only when asked for."""

import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.errors import InputError
from workbench.evaluation.answers import generated_answers
from workbench.evaluation.batching import Watch
from workbench.evaluation.encoded import NO_PROBES, EncodedFacts
from workbench.evaluation.questions import ASKING, Question
from workbench.evaluation.titles import FURTHER_PROTOCOLS, QUESTIONS
from workbench.facts.fact import Fact
from workbench.models.chat import encode_chat, has_chat
from workbench.models.encoding import Encoded, encode
from workbench.models.loaded import LoadedModel


@dataclass(frozen=True, slots=True)
class Further:
    share: float  # of the facts that were asked; NaN where none was
    asked: int  # facts; the others have no such question, or one that is too long for the model
    seconds: float


def measure_further(
    loaded: LoadedModel,
    facts: Sequence[Fact],
    names: Collection[str],
    watch: Watch | None = None,
    system: str = "",
) -> dict[str, Further]:
    """By name, in the order of QUESTIONS; ``watch`` counts generations.

    Those in the chat ask nothing of a model without a template. Raises Cancelled, OutOfMemory and NonFinite."""
    asked = {name: _encoded(loaded, facts, name, system) for name in QUESTIONS if name in names}
    watch = watch or Watch()
    watch.total = watch.done + sum(map(len, asked.values()))
    return {name: _measured(loaded, name, found, watch) for name, found in asked.items()}


def shares(found: Mapping[str, Further]) -> dict[str, float]:
    return {name: score.share for name, score in found.items()}


def further_in_json(
    before: Mapping[str, Further] | None, after: Mapping[str, Further]
) -> dict[str, dict[str, Any]]:
    """Each score's protocol, how many facts were asked, and the seconds that it took."""
    sides = {"before": before or {}, "after": after}
    return {
        name: {"protocol": FURTHER_PROTOCOLS[name], "asked": found.asked}
        | {"seconds": {when: side[name].seconds for when, side in sides.items() if name in side}}
        for name, found in after.items()
    }


def encoder(loaded: LoadedModel, chat: bool, system: str = "") -> Callable[[str, str], Encoded]:
    """Prompt and answer → the plain form, or a message and its reply."""

    def in_chat(prompt: str, answer: str) -> Encoded:
        return encode_chat(loaded.tokenizer, prompt, answer, loaded.window, system=system, ended=False)

    return in_chat if chat else lambda p, a: encode(loaded.tokenizer, p, a, loaded.window)


def _encoded(loaded: LoadedModel, facts: Sequence[Fact], name: str, system: str) -> EncodedFacts:
    chat = name.endswith("_chat")
    questions = filter(None, map(ASKING[name.removesuffix("_chat")], facts))
    rows: list[tuple[Fact, Encoded]] = []
    encoding = encoder(loaded, chat, system)
    for question in questions if has_chat(loaded.tokenizer) or not chat else ():
        if (row := _fitting(encoding, question)) is not None:
            rows.append((Fact(question.prompt, question.answer), row))
    of, prompts = tuple(fact for fact, _ in rows), tuple(row for _, row in rows)
    return EncodedFacts(of, prompts, NO_PROBES, NO_PROBES, NO_PROBES, NO_PROBES)


def _fitting(encoding: Callable[[str, str], Encoded], question: Question) -> Encoded | None:
    try:
        return encoding(question.prompt, question.answer)
    except InputError:
        return None


def _measured(loaded: LoadedModel, name: str, asked: EncodedFacts, watch: Watch) -> Further:
    began = time.monotonic()
    said, _ = generated_answers(loaded, asked, watch, shown=1)
    share = float(said.mean()) if len(said) else math.nan
    share = 1 - share if name.startswith("negated") else share
    return Further(share, len(asked), time.monotonic() - began)
