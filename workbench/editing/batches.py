"""Which facts go together in a step, and what is read after which step."""

import random
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate, islice
from typing import TypeVar

import numpy as np

from workbench.editing.events import Floats
from workbench.editing.recipe import Recipe
from workbench.facts.fact import Fact
from workbench.facts.text import fold

T = TypeVar("T")


def step_sizes(facts: Sequence[Fact], batch: int, done: Sequence[int] = ()) -> tuple[int, ...]:
    """How many facts each editing step holds, in their order: at most ``batch``, and never two that give one prompt
    different targets, so that the later one counts. ``done``: of the steps that were made already."""
    sizes, targets, count = list(done), dict[str, str](), 0
    for fact in facts[sum(done) :]:
        prompt, target = fold(fact.prompt), fold(fact.target)
        if count == batch or targets.get(prompt, target) != target:
            sizes.append(count)
            targets, count = {}, 0
        targets[prompt] = target
        count += 1
    return (*sizes, count) if count else tuple(sizes)


def last_step_before(removed: Collection[int], sizes: Sequence[int]) -> int:
    """The last of the editing steps, of so many facts each, that holds none of the facts at those positions, nor any
    behind them."""
    return sum(end <= min(removed) for end in accumulate(sizes))


def chunked(of_facts: Sequence[T], size: int) -> Iterator[tuple[T, ...]]:
    for i in range(0, len(of_facts), size):
        yield tuple(of_facts[i : i + size])


def split(of_facts: Sequence[T], sizes: Sequence[int]) -> Iterator[tuple[T, ...]]:
    rest = iter(of_facts)
    for size in sizes:
        yield tuple(islice(rest, size))


def earlier_step(seed: int, step: int) -> int:
    """A random step before this one; 0 where there is none."""
    return random.Random(f"{seed}/{step}").randrange(1, step) if step > 1 else 0


def scores_due(step: int, recipe: Recipe) -> bool:
    """Whether all is scored after this step, even where it is not the last."""
    return bool(step and recipe.evaluate_every and step % recipe.evaluate_every == 0)


def retention(es: Floats, sizes: Sequence[int]) -> Floats:
    """(steps,) mean ES of each step's facts, of which ``sizes`` tells the number."""
    return np.array([part.mean() for part in np.split(es, list(accumulate(sizes))[:-1])])
