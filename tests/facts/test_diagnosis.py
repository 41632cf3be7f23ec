"""What the other facts of a run tell of one that does not hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.facts.diagnosis import Cause, Neighbours
from workbench.facts.fact import Fact, Probe

FRANCE = Fact("The capital of France is", "Lyon")


def causes(*facts: Fact) -> list[Cause]:
    """Of the first of the facts."""
    return [reason.cause for reason in Neighbours(facts).reasons(0)]


@pytest.mark.parametrize(
    ("fact", "other", "cause"),
    [
        (FRANCE, Fact("the  capital of FRANCE is", "Nice"), Cause.CONFLICT),
        (FRANCE, Fact("The capital of France is", "lyon"), Cause.DUPLICATE),
        (FRANCE, Fact("Capital of France, is", "Nice"), Cause.SIMILAR),
        (
            FRANCE,
            Fact("France is led from", "Nice", rephrases=(FRANCE.prompt,)),
            Cause.REPHRASE_OF_ANOTHER,
        ),
        (
            Fact("France is led from", "Nice", rephrases=(FRANCE.prompt,)),
            FRANCE,
            Cause.REPHRASE_EDITED,
        ),
        (
            FRANCE,
            Fact("The capital of Spain is", "Cadiz", locality=(Probe(FRANCE.prompt, "Paris"),)),
            Cause.LOCALITY_OF_ANOTHER,
        ),
        (
            Fact("The capital of Spain is", "Cadiz", locality=(Probe(FRANCE.prompt, "Paris"),)),
            FRANCE,
            Cause.LOCALITY_EDITED,
        ),
    ],
)
def test_another_fact_that_is_in_the_way_is_named(fact: Fact, other: Fact, cause: Cause) -> None:
    (reason,) = Neighbours([fact, other]).reasons(0)
    assert (reason.cause, reason.other) == (cause, 1)
    assert reason.sentence.startswith("Later fact 2 ")
    (earlier,) = (r for r in Neighbours([other, fact]).reasons(1) if r.cause is cause)
    assert earlier.sentence.startswith("Earlier fact 1 ")


def test_the_conflict_is_told_with_the_other_target() -> None:
    (reason,) = Neighbours([FRANCE, Fact(FRANCE.prompt, "Nice")]).reasons(0)
    assert "“Nice”" in reason.sentence


def test_of_several_the_next_one_is_named_and_the_others_counted() -> None:
    facts = [Fact(FRANCE.prompt, town) for town in ("Nice", "Lyon", "Brest", "Lille")]
    (reason,) = Neighbours(facts).reasons(1)
    assert reason.other == 2
    assert "(and 2 more)" in reason.sentence


@pytest.mark.parametrize(
    "other",
    [
        Fact("The capital of Spain is", "Lyon"),
        Fact("France is led from", "Lyon", rephrases=(FRANCE.prompt,)),
        Fact("Lyon is the capital of", "France", locality=(Probe(FRANCE.prompt, "Lyon"),)),
        Fact("The capital of France is", "Lyon", rephrases=("The capital of France is",)),
    ],
)
def test_facts_that_agree_are_in_nobodys_way(other: Fact) -> None:
    assert set(causes(FRANCE, other)) <= {Cause.DUPLICATE}


def test_a_rephrase_that_repeats_the_prompt_is_not_told_twice() -> None:
    repeated = Fact(FRANCE.prompt, FRANCE.target, rephrases=(FRANCE.prompt,))
    assert causes(repeated, Fact(FRANCE.prompt, "Nice")) == [Cause.CONFLICT]


def test_a_target_that_is_the_old_answer_changes_nothing() -> None:
    assert causes(Fact("The capital of France is", "Paris", old="paris")) == [Cause.NOTHING_NEW]


TEXTS = st.sampled_from(["a b", "A  b", "b, c", "the b c", "", "!?"])
FACTS = st.builds(
    Fact,
    prompt=TEXTS,
    target=TEXTS,
    rephrases=st.lists(TEXTS, max_size=2).map(tuple),
    locality=st.lists(st.builds(Probe, TEXTS, TEXTS), max_size=2).map(tuple),
)


@given(st.lists(FACTS, min_size=1, max_size=8))
def test_no_fact_is_in_its_own_way_and_conflicts_are_mutual(facts: list[Fact]) -> None:
    neighbours = Neighbours(facts)
    conflicting = set()
    for place in range(len(facts)):
        for reason in neighbours.reasons(place):
            assert reason.other != place
            if reason.cause is Cause.CONFLICT:
                conflicting.add(place)
    for place in conflicting:
        others = {r.other for r in neighbours.reasons(place) if r.cause is Cause.CONFLICT}
        assert others <= conflicting
