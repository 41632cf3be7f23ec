"""Copy and paste, as a spreadsheet writes and reads them."""

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.desktop.facts.store.clipboard import from_text, to_text
from workbench.facts import Fact, Probe
from workbench.facts.text import clean

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12).map(clean)
NEEDED = TEXT.filter(bool)
PROBES = st.lists(st.builds(Probe, NEEDED, TEXT, TEXT), max_size=2).map(tuple)
FACTS = st.builds(
    Fact,
    NEEDED,
    NEEDED,
    subject=TEXT,
    old=TEXT,
    rephrases=st.lists(NEEDED, max_size=2).map(tuple),
    locality=PROBES,
    portability=PROBES,
    tags=st.lists(NEEDED, max_size=2).map(tuple),
    key=TEXT,
)


@settings(deadline=None)
@given(st.lists(FACTS.filter(lambda fact: fact.prompt not in fact.rephrases), min_size=1, max_size=4))
def test_what_was_copied_pastes_as_the_same_facts(facts: list[Fact]) -> None:
    pasted = from_text(to_text(facts))
    assert pasted.facts == tuple(facts)
    assert pasted.problem == ""


def test_cells_without_a_header_are_prompt_target_and_old_answer() -> None:
    pasted = from_text('"The capital of\nFrance is"\tLyon\tParis\nP\tT\n')
    assert pasted.facts == (Fact("The capital of\nFrance is", "Lyon", old="Paris"), Fact("P", "T"))


def test_a_header_says_what_the_columns_hold() -> None:
    pasted = from_text("Answer\tQuestion\tTags\r\nLyon\tCapital of France?\tcity, test\r\n")
    assert pasted.facts == (Fact("Capital of France?", "Lyon", tags=("city", "test")),)


def test_a_row_without_target_is_left_out_and_said() -> None:
    pasted = from_text("P1\tT1\nP2\t\nP3\tT3\n\t\t\n")
    assert [fact.prompt for fact in pasted.facts] == ["P1", "P3"]
    assert "1 row left out" in pasted.problem
    assert "row 2" in pasted.problem


def test_a_single_column_gives_texts() -> None:
    assert from_text("one\n\ntwo\n").texts == ("one", "two")


def test_a_formula_is_copied_as_text() -> None:
    assert "\n'=1+1\t" in to_text([Fact("=1+1", "2")])


def test_nothing_and_no_table_are_said() -> None:
    assert from_text(" \n ").problem
    assert from_text("").problem
