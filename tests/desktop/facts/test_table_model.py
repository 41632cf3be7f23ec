"""The model over a list, watched by Qt's own tester, through random changes, filters and sorts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.desktop.facts.history import FactHistory
from workbench.desktop.facts.store.batch import prepared
from workbench.desktop.facts.store.columns import OLD, PROMPT, STATE, TAGS, TARGET
from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.facts.store.query import matches, parse
from workbench.desktop.facts.store.states import State
from workbench.desktop.facts.table_model import FactTableModel
from workbench.facts import Fact

Order = Qt.SortOrder
STEPS = st.one_of(
    st.tuples(st.just("add"), st.lists(st.sampled_from("abcde"), min_size=1, max_size=80)),
    st.tuples(st.just("remove"), st.sets(st.integers(0, 400), min_size=1, max_size=90)),
    st.tuples(st.just("change"), st.tuples(st.integers(0, 400), st.sampled_from("abcxyz"))),
    st.tuples(st.just("filter"), st.sampled_from(["", "a", "b c", "new", "said", "zzz"])),
    st.tuples(st.just("sort"), st.tuples(st.integers(-1, STATE), st.sampled_from(list(Order)))),
    st.tuples(st.just("state"), st.sets(st.integers(0, 400), max_size=5)),
    st.tuples(st.just("undo"), st.integers(1, 3)),
    st.tuples(st.just("redo"), st.integers(1, 3)),
)


def watched() -> tuple[FactTableModel, QAbstractItemModelTester]:
    model = FactTableModel(FactList(), FactHistory())
    return model, QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)


def do(model: FactTableModel, step: str, value: object) -> None:
    facts, history, number = model.facts, model.history, len(model.facts)
    match step, value:
        case "add", list(letters):
            new = [Fact(f"{letter} {number + i}", letter) for i, letter in enumerate(letters)]
            history.add(facts, prepared(new))
        case "remove", set(places):
            history.remove(facts, np.array(sorted(i for i in places if i < number), np.int64))
        case "change", (int(place), str(letter)) if place < number:
            history.replace(facts, np.array([place]), [Fact(letter, letter)])
        case "filter", str(text):
            model.filter(parse(text))
        case "sort", (int(column), Order() as order):
            model.sort(column, order)
        case "state", set(places):
            facts.set_states(np.array(sorted(i for i in places if i < number), np.int64), State.SAID, 7)
        case "undo", int(times):
            for _ in range(times):
                history.undo()
        case "redo", int(times):
            for _ in range(times):
                history.redo()


@pytest.mark.usefixtures("qapp")
@settings(deadline=None, max_examples=60)
@given(steps=st.lists(STEPS, max_size=14))
def test_rows_are_the_facts_that_match_after_any_changes(steps: list[tuple[str, object]]) -> None:
    """Texts changed under the filter stay in view until ``refresh``; then rows and order are exact."""
    model, tester = watched()
    for step, value in steps:
        do(model, step, value)
        assert model.rowCount() == len(model.shown) + 1
        assert len(set(model.shown.tolist())) == len(model.shown)
        if not model.query:
            assert sorted(model.shown.tolist()) == list(range(len(model.facts)))
            assert model.sort_column >= 0 or model.shown.tolist() == sorted(model.shown.tolist())
    model.refresh()
    assert sorted(model.shown.tolist()) == matches(model.facts, model.query).tolist()
    if model.sort_column == TARGET:
        shown = [model.facts[i].target for i in model.shown.tolist()]
        assert shown == sorted(shown, reverse=model.descending)
    elif model.sort_column < 0:
        assert model.shown.tolist() == sorted(model.shown.tolist())
    del tester


@pytest.mark.usefixtures("qapp")
@settings(deadline=None, max_examples=40)
@given(steps=st.lists(STEPS, max_size=14))
def test_undoing_all_gives_the_empty_list_and_redoing_all_the_same_facts(
    steps: list[tuple[str, object]],
) -> None:
    model, tester = watched()
    for step, value in steps:
        if step not in ("undo", "redo"):
            do(model, step, value)
    after = list(model.facts)
    stack = model.history.stack
    stack.setIndex(0)
    assert len(model.facts) == 0
    stack.setIndex(stack.count())
    assert list(model.facts) == after
    del tester


@pytest.fixture
def model(qapp: QApplication) -> FactTableModel:
    assert qapp is not None
    made, tester = watched()
    tester.setParent(made)
    made.history.add(made.facts, prepared([Fact("b", "1"), Fact("d", "2"), Fact("a", "3")]))
    return made


def shown(model: FactTableModel) -> list[str]:
    return [model.index(row, PROMPT).data() for row in range(len(model.shown))]


@pytest.mark.parametrize(
    ("order", "expected"), [(Order.AscendingOrder, "abcd"), (Order.DescendingOrder, "dcba")]
)
def test_a_new_fact_comes_where_the_order_wants_it(
    model: FactTableModel, order: Order, expected: str
) -> None:
    model.sort(PROMPT, order)
    model.history.add(model.facts, prepared([Fact("c", "4")]))
    assert shown(model) == list(expected)
    model.sort(-1)
    assert shown(model) == ["b", "d", "a", "c"]


def test_texts_go_in_and_come_out_cleaned(model: FactTableModel) -> None:
    assert model.setData(model.index(0, PROMPT), "  New prompt ")
    assert model.setData(model.index(0, OLD), "before")
    assert model.setData(model.index(0, TAGS), "x, y; x")
    assert model.facts[0] == Fact("New prompt", "1", old="before", tags=("x", "y"))
    assert model.index(0, TAGS).data() == "x, y"


def test_an_empty_target_is_refused_with_a_sentence(model: FactTableModel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(model.refused) as refused:
        assert not model.setData(model.index(0, TARGET), "  ")
    assert "target is empty" in refused.args[0]
    assert model.facts[0].target == "1"


def test_a_changed_prompt_counts_as_not_edited_and_a_changed_tag_does_not(model: FactTableModel) -> None:
    model.facts.set_states(np.array([0, 1]), State.SAID, 5)
    model.setData(model.index(0, PROMPT), "other")
    model.setData(model.index(1, TAGS), "mine")
    assert [model.facts.state(i) for i in (0, 1)] == [State.NEW, State.SAID]
    assert model.facts.steps.tolist() == [-1, 5, -1]
    model.history.undo()
    model.history.undo()
    assert model.facts.state(0) is State.SAID
    assert model.facts.steps.tolist() == [5, 5, -1]


def test_a_fact_is_added_once_its_row_has_prompt_and_target(model: FactTableModel) -> None:
    row = model.draft_row
    assert model.setData(model.index(row, PROMPT), "typed")
    assert (len(model.facts), model.index(row, STATE).data()) == (3, "unfinished")
    assert model.setData(model.index(row, TARGET), "t")
    assert model.facts[3] == Fact("typed", "t")
    assert model.index(model.draft_row, PROMPT).data(Qt.ItemDataRole.EditRole) == ""
    model.history.undo()
    assert len(model.facts) == 3


def test_markup_in_a_prompt_stays_text_in_its_tooltip(model: FactTableModel) -> None:
    model.setData(model.index(0, PROMPT), "<b>bold</b> & more")
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; more" in model.index(0, PROMPT).data(Qt.ItemDataRole.ToolTipRole)
    assert model.index(0, PROMPT).data() == "<b>bold</b> & more"


def test_states_say_their_step(model: FactTableModel) -> None:
    model.facts.set_states(np.array([1]), State.LOST, 1_204)
    assert model.index(1, STATE).data() == "lost"
    assert "edited at step 1,204" in model.index(1, STATE).data(Qt.ItemDataRole.ToolTipRole)


def test_a_lock_takes_the_new_row_and_typing_away(model: FactTableModel) -> None:
    model.history.lock("A run is editing these facts.")
    assert model.rowCount() == 3
    assert not model.flags(model.index(0, PROMPT)) & Qt.ItemFlag.ItemIsEditable
    assert not model.setData(model.index(0, PROMPT), "x")
    model.history.add(model.facts, prepared([Fact("x", "y")]))
    model.history.undo()
    assert [fact.prompt for fact in model.facts] == ["b", "d", "a"]
    model.filter(parse("d"))
    assert shown(model) == ["d"]
    model.history.lock("")
    assert model.rowCount() == 2
