"""The order of a column, as a permutation of the facts; equal facts keep the order of the list."""

from collections.abc import Sequence

import numpy as np

from workbench.desktop.facts.columns import COLUMNS, PROMPT, STATE
from workbench.desktop.facts.fact_list import FactList
from workbench.desktop.facts.states import IntArray

FEW = 0.25  # share of distinct texts below which ranking them beats sorting all


def order_of(facts: FactList, column: int) -> IntArray:
    """Ascending. A million distinct prompts take about a second."""
    if column == STATE:
        return np.lexsort((facts.steps, facts.states()))
    number = COLUMNS[column].number
    if number is not None:
        return np.argsort(np.fromiter(map(number, facts), np.int64, len(facts)), kind="stable")
    if column == PROMPT:
        return _sorted(facts.keys)
    return _ranked([text.casefold() for text in map(COLUMNS[column].read, facts)])


def sort_key(facts: FactList, index: int, column: int) -> tuple[int, int] | int | str:
    """What ``order_of`` compares, for one fact."""
    if column == STATE:
        return int(facts.state(index)), int(facts.steps[index])
    number = COLUMNS[column].number
    if number is not None:
        return number(facts[index])
    return facts.keys[index] if column == PROMPT else COLUMNS[column].read(facts[index]).casefold()


def _sorted(texts: Sequence[str]) -> IntArray:
    return np.array(sorted(range(len(texts)), key=texts.__getitem__), np.int64)


def _ranked(texts: Sequence[str]) -> IntArray:
    """Quicker than ``_sorted`` where texts repeat, as targets do."""
    distinct = set(texts)
    if len(distinct) > FEW * len(texts):
        return _sorted(texts)
    rank = {text: place for place, text in enumerate(sorted(distinct))}
    ranks = np.fromiter(map(rank.__getitem__, texts), np.int64, len(texts))
    return np.argsort(ranks, kind="stable")
