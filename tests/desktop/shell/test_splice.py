"""The stretch of a list that has to be written anew."""

from hypothesis import given
from hypothesis import strategies as st

from workbench.desktop.workspace.splice import splice_between
from workbench.facts.fact import Fact

POOL = [Fact(f"p{i}", "t") for i in range(4)]
lists = st.lists(st.sampled_from(POOL), max_size=12)


@given(lists, lists)
def test_putting_the_stretch_in_gives_the_new_list(before: list[Fact], after: list[Fact]) -> None:
    splice = splice_between(before, after)
    made = list(before)
    if splice is not None:
        made[splice.start : splice.start + splice.removed] = splice.facts
    assert made == after
    assert (splice is None) == (before == after)


def test_one_changed_fact_among_many_is_all_that_is_written() -> None:
    before = [Fact(f"p{i}", "t") for i in range(1_000)]
    after = [*before]
    after[500] = Fact("new", "t")
    splice = splice_between(before, after)
    assert splice is not None
    assert (splice.start, splice.removed, len(splice.facts)) == (500, 1, 1)
