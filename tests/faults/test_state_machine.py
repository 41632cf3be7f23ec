"""Random sequences of what a person does, and those that once showed a difference."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.agreement import require_agreement
from tests.faults.person import RECIPES, Ending, Person
from tests.faults.state_machine import walk
from tests.tiny import tiny_model
from workbench.runner.bench import BranchOrder


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    one = Person(tmp_path)
    one.add(one.facts, 3)
    one.add(one.warmup, 4)
    yield one
    require_agreement(one, tiny_model())
    if one.session is not None:
        one.session.close()


def test_what_is_shown_is_in_the_session_and_in_the_weights() -> None:
    """The same few sequences every time; the module itself takes as many as asked, and any seed."""
    walk(sequences=15, seed=0, rules=8)


@pytest.mark.parametrize("at", [0, 3, 5, 9, 20])
def test_a_run_stopped_anywhere_leaves_the_state_that_the_session_gives(person: Person, at: int) -> None:
    person.warm_up(RECIPES["plain"], Ending())
    person.edit(RECIPES["protected"], Ending("stop", at))


@pytest.mark.parametrize("at", range(4))
def test_a_run_cut_off_as_it_begins_knows_what_was_in_the_model(person: Person, at: int) -> None:
    person.edit(RECIPES["plain"], Ending())
    person.add(person.facts, 1)
    person.edit(RECIPES["plain"], Ending("crash", at))
    person.load()
    last = person.need().run()
    person.rewind(last.id, last.steps_done)


def test_a_run_stopped_before_its_first_step_is_done_again_without_a_fact(person: Person) -> None:
    at = 0
    while not person.bench.chain:  # it began, and was stopped at the first look after that
        person.edit(RECIPES["protected"], Ending("stop", at))
        at += 1
    assert not person.need().run(1).steps_done
    person.discard()
    person.branch(BranchOrder(person.need(), 1, removed=(0, 1, 2)), Ending())


def test_a_branch_goes_on_where_its_facts_are_in_the_table_no_more(person: Person) -> None:
    person.edit(RECIPES["plain"], Ending())
    for _ in range(3):
        person.remove(person.facts, 0)
    person.branch(BranchOrder(person.need(), 1, 0), Ending())


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_branch_stopped_as_it_begins_has_an_end(person: Person, at: int) -> None:
    person.edit(RECIPES["plain"], Ending())
    person.branch(BranchOrder(person.need(), 1, 1), Ending("stop", at))


@pytest.mark.parametrize("removals", [[(1, 2), (2, 2)], [(1, 2), (2, 0), (3, 1)]])
def test_a_replay_of_a_replay_begins_where_the_first_one_had_its_steps_from(
    person: Person, removals: list[tuple[int, int]]
) -> None:
    person.add(person.facts, 1)  # two steps
    person.edit(RECIPES["plain"], Ending())
    for run, fact in removals:
        person.branch(BranchOrder(person.need(), run, removed=(fact,)), Ending())
        require_agreement(person, tiny_model())
