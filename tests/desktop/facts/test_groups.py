"""Facts with the same prompt, side by side."""

from workbench.desktop.facts.store.batch import prepared
from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.facts.store.groups import Group, groups_in, limited
from workbench.facts import Fact


def table(*facts: Fact) -> FactList:
    made = FactList()
    made.append(prepared(facts))
    return made


def shape(groups: tuple[Group, ...]) -> list[tuple[bool, list[tuple[bool, int]]]]:
    """Of each group: conflict, and (new, index) of its candidates."""
    return [(group.conflict, [(c.new, c.index) for c in group.candidates]) for group in groups]


def test_a_table_s_own_conflicts_and_duplicates() -> None:
    held = table(
        Fact("P", "a"), Fact("Q", "x"), Fact("p ", "b"), Fact("Q", "X"), Fact("R", "r"), Fact("P", "a")
    )
    assert shape(groups_in(held)) == [
        (True, [(False, 0), (False, 2), (False, 5)]),
        (False, [(False, 1), (False, 3)]),
    ]


def test_new_facts_meet_those_of_the_table_which_come_first() -> None:
    held = table(Fact("P", "a"), Fact("Q", "x"), Fact("S", "1"), Fact("S", "2"))
    new = prepared([Fact("R", "r"), Fact("P", "b"), Fact("R", "r"), Fact("Q", "x")])
    assert shape(groups_in(held, new)) == [
        (True, [(False, 0), (True, 1)]),
        (False, [(False, 1), (True, 3)]),
        (False, [(True, 0), (True, 2)]),
    ]


def test_a_limit_takes_away_what_comes_after_it() -> None:
    new = prepared([Fact("P", "a"), Fact("P", "a"), Fact("P", "b"), Fact("Q", "1"), Fact("Q", "2")])
    groups = groups_in(table(), new)
    assert shape(limited(groups, 4)) == [(True, [(True, 0), (True, 1), (True, 2)])]
    assert shape(limited(groups, 2)) == [(False, [(True, 0), (True, 1)])]
    assert limited(groups, 1) == ()
