"""What the model wrote for each edited fact, before the edits and at the last scoring. Needs no torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

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


class Answers(Sequence[Answer]):
    """Of the facts that a step of the run has touched, in its order; as the history is now."""

    def __init__(self, facts: Sequence[Fact], history: FactHistory) -> None:
        self.facts, self.form = facts, history.form
        self.fates = history.fates()[: len(facts)]
        self._before, self._after = history.before, history.after

    def __len__(self) -> int:
        return len(self.fates)

    @overload
    def __getitem__(self, place: int) -> Answer: ...
    @overload
    def __getitem__(self, place: slice) -> list[Answer]: ...
    def __getitem__(self, place: int | slice) -> Answer | list[Answer]:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        fact = self.facts[range(len(self))[place]]
        return Answer(
            place=place,
            prompt=fact.prompt,
            target=fact.target,
            fate=FATES[self.fates[place]],
            before=_text(self._before, "wrote", place),
            after=_text(self._after, "wrote", place),
            before_chat=_text(self._before, "wrote_chat", place),
            after_chat=_text(self._after, "wrote_chat", place),
            says_it=_says(self._after, "generated", place),
            says_it_chat=_says(self._after, "generated_chat", place),
        )

    @property
    def kept(self) -> bool:
        """Whether any text is there; earlier versions kept none."""
        return any(s is not None and (s.wrote or s.wrote_chat) for s in (self._before, self._after))

    def written(self) -> tuple[str, ...]:
        """Names of the texts that were kept, in the forms that the run was made for."""
        chat = self.form != "plain" and any(
            s is not None and s.wrote_chat for s in (self._before, self._after)
        )
        plain = self.form != "chat" or not chat
        return (("before", "after") if plain else ()) + (("before_chat", "after_chat") if chat else ())

    def worst_first(self) -> list[int]:
        """Places: lost facts first, those that the model says last, otherwise in the order of the run."""
        ranks = np.array([_RANK[fate] for fate in FATES])[self.fates]
        return [int(place) for place in np.argsort(ranks, kind="stable")]


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
