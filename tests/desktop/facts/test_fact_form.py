"""The form for one fact."""

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from workbench.desktop.facts import FactList, prepared
from workbench.desktop.facts.fact_form import FactForm
from workbench.facts import Fact, Probe

WHOLE = Fact(
    "The capital of\nFrance is",
    "Lyon",
    "France",
    "Paris",
    ("France's capital is", "What is the capital of France?"),
    (Probe("The capital of Spain is", "Madrid", "near"), Probe("Water is")),
    (Probe("The mayor of France's capital lives in", "Lyon"),),
    ("capital", "test"),
    key="17",
)


@pytest.fixture
def facts() -> FactList:
    made = FactList()
    made.append(prepared([WHOLE, Fact("P", "one")]))
    return made


def form(qtbot: QtBot, facts: FactList, index: int = -1) -> FactForm:
    made = FactForm(facts, index)
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_fact_comes_out_as_it_went_in(qtbot: QtBot, facts: FactList) -> None:
    assert form(qtbot, facts, 0).fact() == WHOLE


@pytest.mark.parametrize(
    ("prompt", "target", "sentence"),
    [
        ("", "x", "The prompt is empty"),
        ("Something", "", "The target is empty"),
        ("  ", " ", "The prompt is empty"),
    ],
)
def test_what_is_missing_is_said_and_keeps_save_off(
    qtbot: QtBot, facts: FactList, prompt: str, target: str, sentence: str
) -> None:
    made = form(qtbot, facts)
    made.prompt.setPlainText(prompt)
    made.target.setText(target)
    assert sentence in made.advice.text()
    assert not made.save.isEnabled()
    assert sentence in made.save.toolTip()


@pytest.mark.parametrize(
    ("prompt", "target", "subject", "sentence"),
    [
        ("p", "two", "", "“one”: they contradict"),
        ("P ", "ONE", "", "is in the table already"),
        ("Capital of Spain?", "x", "France", "does not mention the subject"),
        ("Capital of Spain?", "x", "spain", "Ready to save"),
    ],
)
def test_advice_does_not_keep_save_off(
    qtbot: QtBot, facts: FactList, prompt: str, target: str, subject: str, sentence: str
) -> None:
    made = form(qtbot, facts)
    made.prompt.setPlainText(prompt)
    made.target.setText(target)
    made.subject.setText(subject)
    assert sentence in made.advice.text()
    assert made.save.isEnabled()


def test_an_edited_fact_does_not_contradict_itself(qtbot: QtBot, facts: FactList) -> None:
    made = form(qtbot, facts, 1)
    made.target.setText("two")
    assert "Ready" in made.advice.text()


def test_several_are_added_in_a_row_keeping_the_tags(qtbot: QtBot, facts: FactList) -> None:
    made = form(qtbot, facts)
    saved: list[Fact] = []
    made.accepted_fact.connect(saved.append)
    for i in range(2):
        made.prompt.setPlainText(f"Prompt {i}")
        made.target.setText(f"t {i}")
        made.tags.setText("mine")
        made.another.click()
        assert made.isVisible()
    assert made.tags.text() == "mine"
    made.prompt.setPlainText("Prompt 2")
    made.target.setText("t 2")
    made.save.click()
    assert not made.isVisible()
    assert saved == [Fact(f"Prompt {i}", f"t {i}", tags=("mine",)) for i in range(3)]


def test_probes_are_typed_pasted_and_deleted(qtbot: QtBot, facts: FactList) -> None:
    made = form(qtbot, facts)
    made.prompt.setPlainText("P new")
    made.target.setText("t")
    QGuiApplication.clipboard().setText("Q1\tA1\nQ2\tA2\n")
    QTest.keyClick(made.locality, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    made.locality.model().setData(made.locality.model().index(2, 0), "Q3")
    assert made.fact().locality == (Probe("Q1", "A1"), Probe("Q2", "A2"), Probe("Q3"))
    made.locality.setCurrentCell(1, 0)
    QTest.keyClick(made.locality, Qt.Key.Key_Delete)
    assert [probe.prompt for probe in made.fact().locality] == ["Q1", "Q3"]
    made.locality.model().setData(made.locality.model().index(2, 1), "an answer alone")
    assert "no prompt" in made.advice.text()
    assert not made.save.isEnabled()
    QGuiApplication.clipboard().clear()


def answer_the_question(name: str) -> list[str]:
    """Presses a button of the question that is about to be asked; holds what was asked then."""
    asked: list[str] = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        asked.append(box.text())
        next(button for button in box.buttons() if button.text() == name).click()

    QTimer.singleShot(0, press)
    return asked


@pytest.mark.parametrize("index", [-1, 1])
def test_escape_asks_before_typed_text_is_lost(qtbot: QtBot, facts: FactList, index: int) -> None:
    made = form(qtbot, facts, index)
    made.target.setText("typed")
    asked = answer_the_question("Keep typing")
    QTest.keyClick(made, Qt.Key.Key_Escape)
    assert asked
    assert made.isVisible()
    assert made.target.text() == "typed"
    asked = answer_the_question("Discard")
    made.close()
    assert asked
    assert not made.isVisible()


def test_escape_asks_for_half_a_probe_too(qtbot: QtBot, facts: FactList) -> None:
    made = form(qtbot, facts)
    made.locality.model().setData(made.locality.model().index(0, 1), "an answer alone")
    asked = answer_the_question("Discard")
    QTest.keyClick(made, Qt.Key.Key_Escape)
    assert asked


def test_escape_closes_at_once_where_nothing_was_typed_since_the_last_save(
    qtbot: QtBot, facts: FactList
) -> None:
    made = form(qtbot, facts)
    made.prompt.setPlainText("P new")
    made.target.setText("t")
    made.tags.setText("mine")
    made.another.click()
    QTest.keyClick(made, Qt.Key.Key_Escape)
    assert not made.isVisible()
    unchanged = form(qtbot, facts, 0)
    QTest.keyClick(unchanged, Qt.Key.Key_Escape)
    assert not unchanged.isVisible()
