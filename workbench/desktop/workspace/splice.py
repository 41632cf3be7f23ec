"""What changed between two states of a list of facts, as the one stretch that has to be written anew. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress, count
from operator import is_not

from workbench.facts.fact import Fact


@dataclass(frozen=True, slots=True)
class Splice:
    start: int
    removed: int
    facts: Sequence[Fact]


def splice_between(before: Sequence[Fact], after: Sequence[Fact]) -> Splice | None:
    """Facts are values, so that the same object is the same fact. None where nothing changed."""
    common = min(len(before), len(after))
    start = _first_difference(before, after, common)
    if start == len(before) == len(after):
        return None
    most = common - start
    end = _first_difference(_reversed(before, most), _reversed(after, most), most)
    return Splice(start, len(before) - end - start, after[start : len(after) - end])


def _reversed(facts: Sequence[Fact], most: int) -> Sequence[Fact]:
    return facts[len(facts) - most :][::-1]


def _first_difference(one: Sequence[Fact], other: Sequence[Fact], most: int) -> int:
    """Index of the first pair that is not one object; ``most`` where there is none."""
    return min(next(compress(count(), map(is_not, one, other)), most), most)
