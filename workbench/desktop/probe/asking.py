"""What the worker does for the probe dock, and what it tells meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event

from workbench.desktop.background import Tell, Work
from workbench.desktop.probe.odds import ASKED
from workbench.desktop.probe.prober import Answer, Odds, Prober, Question, Side
from workbench.evaluation.manner import Manner


@dataclass(frozen=True, slots=True)
class Asked:
    """This side's turn has come."""

    side: Side


@dataclass(frozen=True, slots=True)
class OddsRead:
    side: Side
    odds: Odds


@dataclass(frozen=True, slots=True)
class Written:
    side: Side
    piece: str


@dataclass(frozen=True, slots=True)
class Answered:
    row: int
    side: Side
    answer: Answer


def ask_prompt(prober: Prober, prompt: str, manner: Manner) -> Work:
    """One model after the other, since both share their weights."""

    def work(tell: Tell, cancel: Event) -> object:
        for side in Side:
            tell(Asked(side))
            tell(OddsRead(side, prober.next_tokens(side, prompt, manner, ASKED, cancel)))
            for piece in prober.stream(side, prompt, manner, cancel):
                tell(Written(side, piece))
        return None

    return work


def ask_fact(prober: Prober, questions: Sequence[Question]) -> Work:
    def work(tell: Tell, cancel: Event) -> object:
        for side in Side:
            tell(Asked(side))
            for row, answer in enumerate(prober.answers(side, questions, cancel)):
                tell(Answered(row, side, answer))
        return None

    return work
