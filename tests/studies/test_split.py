"""The three parts of the warm-up facts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.studies.made_up import facts
from workbench.errors import InputError
from workbench.studies.split import FEWEST, split_facts


@given(
    count=st.integers(FEWEST, 80),
    batch=st.integers(1, 30),
    seed=st.integers(0, 5),
    avoided=st.integers(0, 20),
)
def test_no_prompt_is_in_two_parts_or_among_the_facts_to_be_edited(
    count: int, batch: int, seed: int, avoided: int
) -> None:
    warmup = facts(count + avoided) + facts(3)  # three stand twice
    avoid = facts(avoided, count)
    split = split_facts(warmup, batch, seed, avoid)
    parts = [{f.prompt for f in part} for part in (split.statistics, split.edits, split.held_out)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == count
    assert not set.union(*parts) & {f.prompt for f in avoid}
    assert split.left_out == avoided + 3
    assert 1 <= len(split.edits) == len(split.held_out) <= 2 * batch
    assert len(split.statistics) >= len(split.edits)


def test_the_same_seed_gives_the_same_split_and_another_seed_another() -> None:
    warmup = facts(40)
    assert split_facts(warmup, 4, 1) == split_facts(warmup, 4, 1)
    assert split_facts(warmup, 4, 1) != split_facts(warmup, 4, 2)


def test_prompts_are_compared_without_case_and_spacing() -> None:
    warmup = facts(20)
    shouted = [type(f)(f.prompt.upper() + " ", f.target) for f in warmup[:5]]
    assert split_facts(warmup, 4, 0, shouted).left_out == 5


def test_facts_without_locality_probes_borrow_prompts_that_are_not_edited() -> None:
    split = split_facts(facts(30, probes=False), 4, 0)
    assert split.borrowed_probes
    edited = {f.prompt for f in split.edits}
    borrowed = {f.locality[0].prompt for f in split.edits}
    assert borrowed == {f.prompt for f in split.held_out}
    assert not borrowed & edited
    assert not split_facts(facts(30), 4, 0).borrowed_probes


def test_too_few_facts_are_refused_with_their_number() -> None:
    with pytest.raises(InputError, match=r"at least 12 .* there are 3"):
        split_facts(facts(15), 4, 0, facts(12))
