"""What the model wrote for each edited fact, before the edits and at the last scoring. Needs no torch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.evaluation.fact_history import FATES, FactHistory, Fate
from workbench.evaluation.holding import TAKEN
from workbench.evaluation.scores import FactScores
from workbench.facts.fact import Fact

WORST_FIRST = (Fate.LOST, Fate.MISSED, Fate.FORCED, Fate.SKIPPED, Fate.EDITED, Fate.SAID, Fate.NEW)
_RANK = {fate: rank for rank, fate in enumerate(WORST_FIRST)}


@dataclass(frozen=True, slots=True)
class Answer:
    """Texts and verdicts are None where they were not kept or not scored."""

    place: int  # of the fact in its run
    prompt: str
    target: str
    fate: Fate
    before: str | None
    after: str | None
    before_chat: str | None
    after_chat: str | None
    says_it: bool | None  # after the edits
    says_it_chat: bool | None

    @property
    def rank(self) -> int:
        """0 for those that were lost, more for those that need a look less."""
        return _RANK[self.fate]


def answers(facts: Sequence[Fact], history: FactHistory) -> list[Answer]:
    """Of the facts that a step of the run has touched, in its order."""
    before, after = history.before, history.after
    return [
        Answer(
            place=place,
            prompt=fact.prompt,
            target=fact.target,
            fate=FATES[code],
            before=_text(before, "wrote", place),
            after=_text(after, "wrote", place),
            before_chat=_text(before, "wrote_chat", place),
            after_chat=_text(after, "wrote_chat", place),
            says_it=_says(after, "generated", place),
            says_it_chat=_says(after, "generated_chat", place),
        )
        for place, (fact, code) in enumerate(zip(facts, history.fates().tolist(), strict=False))
    ]


def states_in_words(history: FactHistory) -> str:
    """``says it 46, only when forced 3, lost 1``, of the facts that a step has touched."""
    counts = np.bincount(history.fates(), minlength=len(FATES))
    return ", ".join(f"{fate.value} {n:,}" for fate, n in zip(FATES, counts.tolist(), strict=True) if n)


def _text(scores: FactScores | None, name: str, place: int) -> str | None:
    texts: Sequence[str] = () if scores is None else getattr(scores, name)
    return texts[place] if place < len(texts) else None


def _says(scores: FactScores | None, name: str, place: int) -> bool | None:
    if scores is None or place >= len(scores.es):
        return None
    value = float(getattr(scores, name)[place])
    return None if value != value else value >= TAKEN
