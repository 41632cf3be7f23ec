"""The front, its hypervolume and the point that is taken."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.studies.front import Outcome, best, dominates, front, hypervolume

unit = st.floats(0, 1)
outcome = st.builds(Outcome, unit, unit, st.floats(0.8, 2.5))
outcomes = st.lists(outcome, max_size=8)


def test_hypervolumes_that_are_known() -> None:
    assert hypervolume([]) == 0
    assert hypervolume([Outcome(1, 1, 1)]) == 1
    assert hypervolume([Outcome(1, 1, 0.9)]) == 1
    assert hypervolume([Outcome(0.5, 0.5, 1.5)]) == pytest.approx(0.125)
    two = [Outcome(1, 0.5, 1.5), Outcome(0.5, 1, 1.5)]
    assert hypervolume(two) == pytest.approx(0.25 + 0.25 - 0.125)
    three = [Outcome(1, 0.5, 1.5), Outcome(0.5, 1, 1.5), Outcome(0.5, 0.5, 1)]
    assert hypervolume(three) == pytest.approx(3 * 0.25 - 3 * 0.125 + 0.125)
    assert hypervolume([Outcome(0.9, 0.9, 2.0), Outcome(0.9, float("nan"), 1.0)]) == 0


@given(outcomes)
def test_the_hypervolume_is_the_union_of_the_boxes_by_inclusion_and_exclusion(found: list[Outcome]) -> None:
    gains = [np.array(o.gains()) for o in found]
    expected = sum(
        (-1) ** (size + 1) * np.min(chosen, axis=0).prod()
        for size in range(1, len(gains) + 1)
        for chosen in itertools.combinations(gains, size)
    )
    assert hypervolume(found) == pytest.approx(expected, abs=1e-9)


@given(outcomes)
def test_the_front_alone_has_the_whole_hypervolume_and_nothing_on_it_is_beaten(found: list[Outcome]) -> None:
    on_front = front(found)
    assert hypervolume([found[i] for i in on_front]) == pytest.approx(hypervolume(found))
    assert not any(dominates(found[i], found[j]) for i in range(len(found)) for j in on_front)
    assert [found[i].success for i in on_front] == sorted(found[i].success for i in on_front)


def test_the_point_to_take_wins_on_all_three_goals_together() -> None:
    found = [Outcome(0.9, 0.1, 1.0), Outcome(0.6, 0.5, 1.05), Outcome(0.2, 0.9, 1.0), Outcome(0.6, 0.55, 1.9)]
    assert best(found, front(found)) == 1
    assert best(found, ()) is None
