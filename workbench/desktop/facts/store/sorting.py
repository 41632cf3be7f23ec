"""The order of a column, as a permutation of the facts; equal facts keep the order of the list."""

from collections.abc import Sequence

import numpy as np

from workbench.desktop.facts.store.columns import COLUMNS, PROMPT, STATE
from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.facts.store.states import IntArray


def order_of(facts: FactList, column: int) -> IntArray:
    """Ascending. A million distinct prompts take about a second."""
    if column == STATE:
        return np.lexsort((facts.steps, facts.states()))
    number = COLUMNS[column].number
    if number is not None:
        return np.argsort(np.fromiter(map(number, facts), np.int64, len(facts)), kind="stable")
    if column == PROMPT:
        return _sorted(facts.keys)
    return _ranked(list(map(COLUMNS[column].read, facts)))


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
    """By case-folded text; only distinct ones are compared, which is quick where texts repeat, as targets do."""
    hashes = np.fromiter(map(hash, texts), np.int64, len(texts))
    _, first, place = np.unique(hashes, return_index=True, return_inverse=True)
    folded = [texts[i].casefold() for i in first.tolist()]
    rank = {text: number for number, text in enumerate(sorted(set(folded)))}
    ranks = np.fromiter(map(rank.__getitem__, folded), np.int64, len(folded))
    return np.argsort(ranks[place], kind="stable")
