"""The warm-up or edit that was asked for last, and how to ask for it again without some of its facts."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

from workbench.errors import Unfit
from workbench.facts.fact import Fact


@dataclass(frozen=True, slots=True)
class Begun:
    facts: Sequence[Fact]
    left_out: Collection[Fact]
    again: Callable[..., None]  # takes ``left_out``

    def without(self, unfit: Sequence[Unfit]) -> Callable[[], None] | None:
        """Begins it again without these of its facts; None where none would be left."""
        if len(unfit) >= len(self.facts):
            return None
        out = frozenset({*self.left_out, *(self.facts[found.place] for found in unfit)})
        return partial(self.again, left_out=out)
