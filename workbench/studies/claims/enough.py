"""What a test of the claims needs of the facts at hand. No model is asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.errors import InputError
from workbench.facts.fact import Fact
from workbench.facts.text import fold
from workbench.studies.claims.settings import ClaimsSettings


@dataclass(frozen=True, slots=True)
class Usable:
    """Each prompt once; the warm-up without the facts."""

    facts: tuple[Fact, ...]
    warmup: tuple[Fact, ...]

    @classmethod
    def of(cls, facts: Sequence[Fact], warmup: Sequence[Fact]) -> "Usable":
        distinct = {fold(fact.prompt): fact for fact in reversed(facts)}
        left = {fold(fact.prompt): fact for fact in reversed(warmup) if fold(fact.prompt) not in distinct}
        return cls(tuple(reversed(distinct.values())), tuple(reversed(left.values())))

    def lacking(self, settings: ClaimsSettings) -> str:
        """Why they are too few for these settings; empty where they are enough."""
        if len(self.facts) < settings.facts:
            return (
                f"{settings.steps:,} steps of {settings.batch:,} need {settings.facts:,} facts with prompts of their "
                f"own, and there are {len(self.facts):,}: give more facts, or fewer or smaller steps."
            )
        if not self.warmup:
            return (
                "There is no warm-up fact that is not among the facts to be edited: give other warm-up facts, the "
                "claims about the warm-up need them."
            )
        return ""

    def require(self, settings: ClaimsSettings) -> None:
        """Raises InputError."""
        if why := self.lacking(settings):
            raise InputError(why)
