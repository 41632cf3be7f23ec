"""Next tokens side by side, and a fact's probes with their verdicts."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from workbench.desktop.probe.fact_rows import EDITED, KIND, PROMPT, VERDICT_ROLE, FactRows
from workbench.desktop.probe.odds import SHARE_ROLE, OddsModel, Share, aligned, visible
from workbench.desktop.probe.prober import Answer, Question, Side
from workbench.facts.fact import Fact, Probe

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal
ODDS = st.lists(st.tuples(st.text(max_size=3), st.floats(1e-6, 1)), max_size=30)


def test_tokens_of_both_sides_share_a_row() -> None:
    rows = aligned([(" French", 0.7), (" English", 0.06)], [(" English", 0.64), (" Scots", 0.1)])
    assert [row.text for row in rows] == [" French", " English", " Scots"]
    assert [str(s) for s in rows[1].shares] == ["6.0 %", "64.0 %"]
    assert rows[0].shares == (Share(0.7), Share(0.1, below=True))
    assert str(rows[0].shares[1]) == "< 10.0 %"


def test_a_side_that_was_not_read_yet_stays_empty() -> None:
    assert aligned([("a", 0.5)], None)[0].shares == (Share(0.5), None)
    assert aligned(None, None) == []


@given(ODDS, ODDS)
def test_at_most_ten_rows_likeliest_first_each_text_once(
    original: list[tuple[str, float]], edited: list[tuple[str, float]]
) -> None:
    rows = aligned(original, edited)
    best = [max(s.probability for s in row.shares if s is not None and not s.below) for row in rows]
    assert len(rows) <= 10
    assert best == sorted(best, reverse=True)
    assert len({row.text for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("token", "shown"), [(" French", "·French"), ("\n", "↵"), ("", "(nothing)"), ("<b>", "<b>")]
)
def test_spaces_of_tokens_are_shown(token: str, shown: str) -> None:
    assert visible(token) == shown


@pytest.mark.usefixtures("qapp")
def test_odds_model_holds_to_its_contract() -> None:
    model = OddsModel()
    tester = QAbstractItemModelTester(model, FATAL, model)
    model.set_odds(Side.EDITED, [(" a", 0.9), (" b", 0.1)])
    model.set_odds(Side.ORIGINAL, [(" b", 0.8)])
    assert [model.index(0, c).data() for c in range(3)] == ["·a", "< 80.0 %", "90.0 %"]
    assert model.index(0, 1).data(SHARE_ROLE) == 0
    model.clear()
    assert model.rowCount() == 0
    del tester


FACT = Fact(
    "The capital of France is",
    "Lyon",
    rephrases=("France's capital:", "  "),
    locality=(Probe("The capital of Spain is", "Madrid"), Probe("Water boils at")),
)


@pytest.fixture
def rows(qapp: QApplication) -> Iterator[FactRows]:
    model = FactRows(qapp)
    tester = QAbstractItemModelTester(model, FATAL, model)
    model.set_fact(FACT)
    yield model
    del tester
    model.deleteLater()


def test_probes_without_a_prompt_are_left_out(rows: FactRows) -> None:
    assert rows.questions() == [
        Question("The capital of France is", "Lyon"),
        Question("France's capital:", "Lyon"),
        Question("The capital of Spain is", "Madrid"),
        Question("Water boils at"),
    ]


def test_a_model_with_a_template_is_asked_in_the_chat_too_as_the_scores_do(rows: FactRows) -> None:
    rows.set_chat(True)
    asked = [(rows.index(row, KIND).data(), question.chat) for row, question in enumerate(rows.questions())]
    assert asked[:4] == [
        ("prompt", False),
        ("prompt, chat", True),
        ("rephrase", False),
        ("rephrase, chat", True),
    ]
    assert len(asked) == 8
    for row, hit in enumerate((True, False, True, True)):
        rows.set_answer(row, Side.EDITED, Answer("Lyon", hit, read="<u>The capital<a>" if row == 1 else ""))
    assert rows.summary(Side.EDITED) == "2 of 2 hit; in the chat 1 of 2 hit"
    tip = rows.index(1, PROMPT).data(Qt.ItemDataRole.ToolTipRole)
    assert "As the model reads it" in tip
    assert "&lt;u&gt;The capital&lt;a&gt;" in tip
    rows.set_chat(False)
    assert len(rows.questions()) == 4


def test_verdicts_are_words(rows: FactRows) -> None:
    for row, hit in enumerate((False, False, True, None)):
        rows.set_answer(row, Side.ORIGINAL, Answer("before", hit, first_token=row))
    assert rows.summary(Side.ORIGINAL) == "1 of 3 hit"
    assert rows.index(2, EDITED).data(VERDICT_ROLE) is None
    for row, hit in enumerate((True, False, False, None)):
        rows.set_answer(row, Side.EDITED, Answer("<b>after</b>", hit, first_token=3 if row == 3 else 9))
    verdicts = [rows.index(row, EDITED).data(VERDICT_ROLE) for row in range(4)]
    assert verdicts == [("hit", True), ("miss", False), ("changed", False), ("kept", True)]
    assert rows.summary(Side.EDITED) == "1 of 2 hit, 1 of 2 kept"
    assert rows.index(0, EDITED).data(Qt.ItemDataRole.AccessibleTextRole) == "hit <b>after</b>"
    assert "&lt;b&gt;" in rows.index(0, EDITED).data(Qt.ItemDataRole.ToolTipRole)


def test_headings_name_their_protocol(rows: FactRows) -> None:
    said = str(rows.headerData(EDITED, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole))
    assert "greedy" in said
    assert "Locality kept" in said
