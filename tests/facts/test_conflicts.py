"""Duplicates and contradictions among facts."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.facts import Conflicts, Fact, conflicts, find_conflicts, resolve
from workbench.facts.text import fold

FACTS = [
    Fact("The sky is", "blue"),
    Fact("Grass is", "green"),
    Fact("the  SKY is", "Blue"),
    Fact("The sky is", "grey"),
    Fact("Café is", "open"),
    Fact("Cafe\u0301 is", "open"),
    Fact("Snow is", "white", rephrases=("snow  is",)),
]


def test_groups_and_repeats_are_found() -> None:
    assert find_conflicts(FACTS) == Conflicts(
        duplicates=((0, 2), (4, 5)), conflicts=((0, 2, 3),), repeated=(6,)
    )


def test_prompts_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = find_conflicts(FACTS)
    monkeypatch.setattr(conflicts, "hash", lambda _text: 0, raising=False)
    assert find_conflicts(FACTS) == expected


def test_nothing_to_report_is_false() -> None:
    assert not find_conflicts([])
    assert not find_conflicts(FACTS[:2])
    assert find_conflicts(FACTS)


@pytest.mark.parametrize(
    ("keep", "kept"), [("first", [0, 1, 4, 6]), ("last", [1, 3, 5, 6]), ("all", [0, 1, 2, 3, 4, 5, 6])]
)
def test_one_of_each_group_is_kept_in_order(keep: str, kept: list[int]) -> None:
    resolved = resolve(FACTS, find_conflicts(FACTS), keep)  # type: ignore[arg-type]
    assert resolved == tuple(FACTS[i] for i in kept)


@given(st.lists(st.builds(Fact, st.sampled_from("aAbcé"), st.sampled_from("xXy")), max_size=30))
def test_agrees_with_a_plain_search(facts: list[Fact]) -> None:
    by_prompt: dict[str, list[int]] = defaultdict(list)
    by_both: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, fact in enumerate(facts):
        by_prompt[fold(fact.prompt)].append(index)
        by_both[fold(fact.prompt), fold(fact.target)].append(index)
    found = find_conflicts(facts)
    assert list(found.duplicates) == sorted(tuple(group) for group in by_both.values() if len(group) > 1)
    assert list(found.conflicts) == sorted(
        tuple(group) for group in by_prompt.values() if len({fold(facts[i].target) for i in group}) > 1
    )
    for keep in ("first", "last"):
        left = resolve(facts, found, keep)
        assert not find_conflicts(left)
        assert len(left) == len(by_prompt)
