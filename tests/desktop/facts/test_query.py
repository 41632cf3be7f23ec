"""The filter and the sort orders, against their plain definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.desktop.facts.store.batch import prepared
from workbench.desktop.facts.store.columns import COLUMNS, LOCALITY, OLD, PROMPT, STATE, TAGS, TARGET
from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.facts.store.query import Query, matches, parse
from workbench.desktop.facts.store.sorting import order_of
from workbench.desktop.facts.store.states import State
from workbench.facts import Fact, Probe

WORDS = st.sampled_from(["mother", "tongue", "of", "Łódź", "ÄRGER", "strasse", "Straße", "x y", "", "a"])


@st.composite
def fact_lists(draw: st.DrawFn) -> FactList:
    facts = FactList()
    texts = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
    made = draw(
        st.lists(st.builds(Fact, texts, texts, old=texts, tags=st.lists(WORDS).map(tuple)), max_size=20)
    )
    facts.append(prepared(made))
    states = draw(st.lists(st.sampled_from([State.NEW, State.SAID, State.LOST]), min_size=20, max_size=20))
    facts.set_states(np.arange(len(made)), np.array(states[: len(made)], np.uint8))
    return facts


def found(facts: FactList, text: str, *states: State) -> list[int]:
    return [int(i) for i in matches(facts, parse(text, frozenset(states)))]


@pytest.fixture
def some() -> FactList:
    facts = FactList()
    facts.append(
        prepared(
            [
                Fact("The mother tongue of Łukasz is", "Polish", tags=("language",)),
                Fact("The capital of Poland is", "Łódź"),
                Fact("Of what is a mother proud?", "tongues", tags=("odd one", "language")),
            ]
        )
    )
    facts.set_states(np.array([1]), State.SAID, 2)
    return facts


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("", [0, 1, 2]),
        ("MOTHER", [0, 2]),
        ("tongue mother", [0, 2]),
        ('"mother tongue"', [0]),
        ('"mother ton', [0, 2]),
        ("łódź", [1]),
        ("language", [0, 2]),
        ("odd", [2]),
        ("said", [1]),
        ("sai", [1]),
        ("sa", []),
        ("polish said", []),
        ("it's", []),
    ],
)
def test_words_are_looked_for_in_prompt_target_tags_and_state(
    some: FactList, text: str, places: list[int]
) -> None:
    assert found(some, text) == places


def test_states_limit_what_the_words_find(some: FactList) -> None:
    assert found(some, "", State.SAID) == [1]
    assert found(some, "mother", State.SAID) == []
    assert found(some, "", State.SAID, State.NEW) == [0, 1, 2]


@settings(deadline=None)
@given(fact_lists(), st.lists(WORDS, max_size=3), st.lists(WORDS, max_size=3), st.booleans())
def test_narrowing_finds_what_looking_everywhere_finds(
    facts: FactList, first: list[str], more: list[str], by_state: bool
) -> None:
    """Where one query says it narrows another, looking within the other's matches loses nothing."""
    states = frozenset({State.SAID}) if by_state else frozenset[State]()
    earlier = parse(" ".join(first))
    for later in (parse(" ".join(first + more), states), parse(" ".join(first) + "".join(more), states)):
        if later.narrows(earlier):
            within = matches(facts, later, matches(facts, earlier))
            assert within.tolist() == matches(facts, later).tolist()


def test_a_longer_word_narrows_unless_it_names_a_state() -> None:
    assert parse("mothers").narrows(parse("mother"))
    assert parse("mother tongue").narrows(parse("mother"))
    assert not parse("sai").narrows(parse("sa"))
    assert not parse("moth").narrows(parse("mother"))
    assert not Query().narrows(parse("x"))


@settings(deadline=None)
@given(fact_lists(), st.sampled_from([PROMPT, TARGET, OLD, TAGS]))
def test_text_columns_sort_by_folded_text_and_keep_the_list_s_order(facts: FactList, column: int) -> None:
    read = COLUMNS[column].read
    keys = facts.keys if column == PROMPT else [read(fact).casefold() for fact in facts]
    assert order_of(facts, column).tolist() == sorted(range(len(facts)), key=keys.__getitem__)


def test_counts_sort_as_numbers_and_states_by_step() -> None:
    facts = FactList()
    made = [Fact(f"{n}", "t", locality=tuple(Probe(f"{i}") for i in range(n))) for n in (10, 9, 0, 100)]
    facts.append(prepared(made))
    assert order_of(facts, LOCALITY).tolist() == [2, 1, 0, 3]
    facts.set_states(np.array([0, 1]), State.SAID, np.array([20, 3], np.int32))
    assert order_of(facts, STATE).tolist() == [2, 3, 1, 0]
