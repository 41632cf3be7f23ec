"""Arithmetic of table rows: runs of neighbours, and where new facts belong."""

from bisect import bisect_left, bisect_right

import numpy as np

from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.facts.store.sorting import sort_key
from workbench.desktop.facts.store.states import IntArray


def runs(rows: IntArray) -> list[tuple[int, int, int, int]]:
    """Ascending ``rows`` as runs of neighbours: first and last row, and the slice of ``rows`` they are."""
    if not len(rows):
        return []
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    starts, ends = np.r_[0, breaks], np.r_[breaks, len(rows)]
    return [
        (int(rows[low]), int(rows[high - 1]), int(low), int(high))
        for low, high in zip(starts, ends, strict=True)
    ]


def places_of(
    facts: FactList, shown: IntArray, new: IntArray, column: int, descending: bool
) -> IntArray | None:
    """The rows, ascending, that ``new`` (ascending) get among ``shown``; None where sorting again is simpler."""
    if column < 0:
        return np.searchsorted(shown, new) + np.arange(len(new))
    if len(new) != 1:
        return None
    wanted = sort_key(facts, int(new[0]), column)
    if descending:
        upwards = shown[::-1].tolist()
        row = len(shown) - bisect_left(upwards, wanted, key=lambda i: sort_key(facts, i, column))
    else:
        row = bisect_right(shown.tolist(), wanted, key=lambda i: sort_key(facts, i, column))
    return np.array([row])
