"""The list behind the table: every change against a plain list, and back again."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.desktop.facts.store.batch import conflicting, prepared, repeated
from workbench.desktop.facts.store.fact_list import ONE_BY_ONE, FactList
from workbench.desktop.facts.store.states import State
from workbench.facts import Fact


def numbered(start: int, number: int) -> list[Fact]:
    return [Fact(f"Prompt {i}", f"target {i}") for i in range(start, start + number)]


def filled(number: int) -> FactList:
    facts = FactList()
    facts.append(prepared(numbered(0, number)))
    return facts


def assert_whole(facts: FactList, expected: list[Fact]) -> None:
    """Everything derived from a fact follows it."""
    fresh = prepared(expected)
    assert list(facts) == expected
    assert list(facts.keys) == fresh.keys
    np.testing.assert_array_equal(facts.prompts, fresh.prompts)
    assert len(facts.states()) == len(facts.steps) == len(expected)


@settings(deadline=None)
@given(st.sets(st.integers(0, 199), min_size=1), st.integers(0, 2**32 - 1))
def test_removing_and_putting_back_restores_facts_states_and_steps(places: set[int], seed: int) -> None:
    facts, expected = filled(200), numbered(0, 200)
    chance = np.random.default_rng(seed)
    states = chance.choice([State.NEW, State.SAID, State.LOST], 200).astype(np.uint8)
    facts.set_states(np.arange(200), states, np.arange(200, dtype=np.int32))
    gone = np.array(sorted(places))
    rows = facts.remove(gone)
    assert_whole(facts, [fact for i, fact in enumerate(expected) if i not in places])
    facts.insert(gone, rows)
    assert_whole(facts, expected)
    np.testing.assert_array_equal(facts.states(), states)
    np.testing.assert_array_equal(facts.steps, np.arange(200))


@pytest.mark.parametrize("number", [1, ONE_BY_ONE, ONE_BY_ONE + 1, 300])
def test_facts_come_in_at_their_places(number: int) -> None:
    facts, expected = filled(300), numbered(0, 300)
    new = numbered(1_000, number)
    places = np.arange(number) * 2
    facts.insert(places, facts.untouched(prepared(new)))
    for place, fact in zip(places.tolist(), new, strict=True):
        expected.insert(place, fact)
    assert_whole(facts, expected)


def test_replacing_gives_back_what_was_there() -> None:
    facts = filled(10)
    new = Fact("Another prompt", "x", tags=("mine",))
    taken = facts.replace(np.array([4]), facts.untouched(prepared([new])))
    assert_whole(facts, [*numbered(0, 4), new, *numbered(5, 5)])
    assert taken.batch.facts == numbered(4, 1)
    facts.replace(np.array([4]), taken)
    assert_whole(facts, numbered(0, 10))


def test_conflicts_follow_every_change() -> None:
    facts = FactList()
    facts.append(prepared([Fact("The capital of France is", "Paris"), Fact("Another", "x")]))
    assert facts.state(0) is State.NEW
    facts.append(prepared([Fact("the  capital of FRANCE is", "Lyon")]))
    assert [facts.state(i) for i in range(3)] == [State.CONFLICT, State.NEW, State.CONFLICT]
    facts.replace(np.array([2]), facts.untouched(prepared([Fact("The capital of France is", "paris")])))
    assert facts.state(0) is State.NEW
    facts.replace(np.array([2]), facts.untouched(prepared([Fact("The capital of France is", "Nice")])))
    facts.remove(np.array([0]))
    assert facts.state_counts()[State.CONFLICT] == 0


def test_a_fact_that_says_what_an_earlier_one_says_is_marked() -> None:
    facts = FactList()
    facts.append(prepared([Fact("P", "a"), Fact("Q", "b"), Fact("p ", "A"), Fact("P", "a")]))
    assert [facts.state(i) for i in range(4)] == [State.NEW, State.NEW, State.DUPLICATE, State.DUPLICATE]
    facts.remove(np.array([0]))
    assert [facts.state(i) for i in range(3)] == [State.NEW, State.NEW, State.DUPLICATE]
    facts.append(prepared([Fact("P", "other")]))
    assert facts.state_counts()[State.DUPLICATE] == 0  # now they contradict one another
    assert facts.state_counts()[State.CONFLICT] == 3


def test_a_run_s_state_shows_over_a_conflict() -> None:
    facts = FactList()
    facts.append(prepared([Fact("P", "a"), Fact("P", "b")]))
    facts.set_states(np.array([0]), State.SAID, 3)
    assert (facts.state(0), int(facts.steps[0])) == (State.SAID, 3)
    assert facts.state(1) is State.CONFLICT
    facts.reset_states()
    assert facts.state(0) is State.CONFLICT
    assert facts.steps.tolist() == [-1, -1]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-2, 2)), max_size=60))
def test_repeated_finds_all_but_the_first_of_equal_facts(pairs: list[tuple[int, int]]) -> None:
    prompts = np.array([prompt for prompt, _ in pairs], np.int64)
    answers = np.array([answer for _, answer in pairs], np.int64)
    expected = {i for i, pair in enumerate(pairs) if pair in pairs[:i]}
    assert set(repeated(prompts, answers).tolist()) == expected


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 2)), max_size=60))
def test_conflicting_finds_just_the_prompts_with_several_targets(pairs: list[tuple[int, int]]) -> None:
    prompts = np.array([prompt for prompt, _ in pairs], np.int64)
    answers = np.array([answer for _, answer in pairs], np.int64)
    expected = {
        i for i, (prompt, _) in enumerate(pairs) if len({answer for p, answer in pairs if p == prompt}) > 1
    }
    assert set(conflicting(prompts, answers).tolist()) == expected


def test_marking_many_prompts_at_once_equals_marking_them_one_by_one() -> None:
    pairs = [Fact(f"Prompt {i % 400}", f"{i % 3}") for i in range(1_200)]
    at_once, singly = FactList(), FactList()
    at_once.append(prepared(pairs))
    for fact in pairs:
        singly.append(prepared([fact]))
    np.testing.assert_array_equal(at_once.states(), singly.states())
    assert at_once.state_counts()[State.CONFLICT] == 1_200


def test_same_prompt_ignores_case_and_spacing() -> None:
    facts = filled(5)
    assert facts.same_prompt(replace(facts[3], prompt="  PROMPT   3")).tolist() == [3]
