"""Which points nothing else beats, how much they win together, and which of them to take."""

from collections.abc import Sequence
from dataclasses import dataclass

WORST_RATIO = 2.0  # perplexity doubled: what is worse counts for nothing


@dataclass(frozen=True, slots=True)
class Outcome:
    """Three goals that pull apart."""

    success: float  # ES, 0 to 1
    kept: float  # locality kept, 0 to 1
    ratio: float  # perplexity over that of the unedited model

    def gains(self) -> tuple[float, float, float]:
        """Each 0 at the reference point (ES 0, kept 0, perplexity doubled) and 1 where nothing more is to be won:
        ES 1, kept 1, perplexity as before. More is better."""
        room = (WORST_RATIO - self.ratio) / (WORST_RATIO - 1)
        return _unit(self.success), _unit(self.kept), _unit(room)


def _unit(value: float) -> float:
    """NaN is 0: what could not be measured wins nothing."""
    return min(1.0, max(0.0, value)) if value == value else 0.0


def dominates(a: Outcome, b: Outcome) -> bool:
    """``a`` is nowhere worse and somewhere better. A perplexity below the unedited model's is no gain."""
    pairs = list(zip(a.gains(), b.gains(), strict=True))
    return all(x >= y for x, y in pairs) and any(x > y for x, y in pairs)


def front(outcomes: Sequence[Outcome]) -> tuple[int, ...]:
    """Indices of the points that no other dominates, by success; points that gain nothing are left out."""
    found = [
        i
        for i, one in enumerate(outcomes)
        if min(one.gains()) > 0 and not any(dominates(other, one) for other in outcomes)
    ]
    return tuple(sorted(found, key=lambda i: (outcomes[i].success, -outcomes[i].kept)))


def hypervolume(outcomes: Sequence[Outcome]) -> float:
    """The share of the unit cube of gains that is beaten by at least one point, 0 to 1."""
    points = sorted((o.gains() for o in outcomes if min(o.gains()) > 0), key=lambda p: -p[0])
    heights = [p[0] for p in points] + [0.0]
    return sum(
        (heights[i] - heights[i + 1]) * _area([p[1:] for p in points[: i + 1]]) for i in range(len(points))
    )


def _area(points: Sequence[tuple[float, ...]]) -> float:
    """Of the union of rectangles between the origin and each of these (x, y)."""
    covered = height = 0.0
    for x, y in sorted(points, reverse=True):
        if y > height:
            covered += x * (y - height)
            height = y
    return covered


CHOICE_RULE = (
    "Of the front, the point with the largest product of edit success, locality kept and perplexity before "
    "over after."
)


def best(outcomes: Sequence[Outcome], among: Sequence[int]) -> int | None:
    """CHOICE_RULE; None where ``among`` is empty."""

    def product(i: int) -> float:
        one = outcomes[i]
        return one.success * one.kept / max(one.ratio, 1.0)

    return max(among, key=product, default=None)
