"""The dock of answers: what the model wrote for each edited fact, before and after its edit."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QLineEdit

from tests.desktop.finding import find
from tests.desktop.shell import conftest as shell
from tests.desktop.shell.walker import Walker
from workbench.desktop.answers.model import PROMPT, STATE, TARGET, AnswersModel
from workbench.desktop.facts.eliding import elided
from workbench.desktop.main_window import MainWindow
from workbench.evaluation.before_after import Answers
from workbench.evaluation.fact_history import FactHistory
from workbench.evaluation.scores import FactScores
from workbench.facts.fact import Fact

theme, make_window, window, loaded, walker = (
    shell.theme,
    shell.make_window,
    shell.window,
    shell.loaded,
    shell.walker,
)
FACTS = [
    Fact("The capital of Utopia is", "Amaurot", subject="Utopia"),
    Fact("Its river is", "Anyder"),
    Fact("x", "y"),
]


def scores(generated: list[float], wrote: tuple[str, ...], chat: tuple[str, ...] = ()) -> FactScores:
    nothing, said = np.full(3, np.nan), np.array(generated)
    return FactScores(said, nothing, nothing, said, said, nothing, nothing, wrote=wrote, wrote_chat=chat)


@pytest.fixture
def model() -> AnswersModel:
    """The first fact is said, the second was lost, the third never held."""
    history = FactHistory()
    history.add_scores(0, scores([0, 0, 0], ("Lisbon…", "the Thames", "")))
    history.add_step(1, 0, 3, np.array([1.0, 1.0, 0.0]), np.zeros(3))
    history.add_scores(1, scores([1, 0, 0], ("Amaurot", "the Any…", "z"), ("Amaurot", "I", "z")))
    made = AnswersModel()
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal)
    made.show(Answers(FACTS, history))
    return made


def prompts(model: AnswersModel) -> list[str]:
    return [str(model.index(row, PROMPT).data()) for row in range(model.rowCount())]


def test_lost_facts_come_first_and_only_the_runs_form_is_shown(model: AnswersModel) -> None:
    assert prompts(model) == ["Its river is", "x", "The capital of Utopia is"]
    assert [str(model.index(row, STATE).data()) for row in range(3)] == ["lost", "missed", "says it"]
    assert model.lines()[0] == ["Fact", "State", "Prompt", "Target", "Before", "After"]  # a plain run
    assert model.lines()[1:3] == [
        ["2", "lost", "Its river is", "Anyder", "the Thames", "the Any…"],
        ["3", "missed", "x", "y", "(nothing)", "z"],
    ]


def test_answers_are_filtered_by_any_text_and_sorted_by_any_column(model: AnswersModel) -> None:
    model.filter("thames", False)
    assert prompts(model) == ["Its river is"]
    model.filter("says", False)
    assert prompts(model) == ["The capital of Utopia is"]
    model.filter("", True)
    assert prompts(model) == ["Its river is", "x"]
    model.filter("", False)
    model.sort(TARGET, Qt.SortOrder.DescendingOrder)
    assert prompts(model) == ["x", "Its river is", "The capital of Utopia is"]
    model.sort(-1)
    assert prompts(model)[0] == "Its river is"


def answers_of(window: MainWindow) -> list[list[str]]:
    return window.answers.model.lines()[1:]


def test_after_a_run_its_answers_are_there_and_come_back_with_the_session(
    walker: Walker, make_window: Callable[[], MainWindow], tmp_path: Path
) -> None:
    window = walker.window
    window.docks["probe"].show_panel("answers")
    assert window.answers.pages.currentIndex() == 0
    walker.press("edit")
    walker.wait_for_end()
    walker.wait(lambda: len(answers_of(window)) == 4, "the answers")
    told = answers_of(window)
    assert {row[2] for row in told} == {f"fact {i} is" for i in range(4)}
    states = {window.facts.facts[i].prompt: window.facts.facts.state(i).word for i in range(4)}
    assert {row[2]: row[1] for row in told} == states
    assert find(window, QLabel, "answers-counts").text()

    written = tmp_path / "answers.csv"
    window.answers.export(written)
    with written.open(encoding="utf-8-sig", newline="") as file:
        assert [row["After"] for row in csv.DictReader(file)] == [row[5] for row in told]
    window.answers.table.selectRow(0)
    window.answers.copy()
    assert QApplication.clipboard().text().splitlines()[1].startswith(f"{told[0][0]}\t{told[0][1]}")

    folder = window.desk.keeper.need().folder
    window.close()
    second = make_window()
    second.handlers.open_session(folder)
    second.docks["probe"].show_panel("answers")
    Walker(second, patience_s=60).wait(lambda: len(answers_of(second)) == 4, "its answers")
    assert answers_of(second) == told


def test_a_row_leads_to_its_fact(walker: Walker) -> None:
    window = walker.window
    window.docks["probe"].show_panel("answers")
    walker.press("edit")
    walker.wait_for_end()
    walker.wait(lambda: len(answers_of(window)) == 4, "the answers")
    find(window, QLineEdit, "answers-filter").setText("fact 2")
    window.answers.table.activated.emit(window.answers.model.index(0, 0))
    assert window.facts.facts_page.table.chosen().tolist() == [2]
    find(window, QLineEdit, "answers-filter").setText("no such words")
    assert not window.answers.copy_button.isEnabled()
    assert find(window, QCheckBox, "answers-not-said").isEnabled()


@pytest.mark.parametrize("width", [40, 90, 140, 200, 400])
def test_a_prompt_that_is_cut_keeps_its_subject(qapp: QApplication, width: int) -> None:
    metrics = QFontMetrics(qapp.font())
    prompt = "The mother tongue of Danielle Darrieux, as everybody knows, is"
    cut = elided(prompt, "Danielle Darrieux", metrics, width)
    assert metrics.horizontalAdvance(cut) <= width
    if width >= 200:
        assert "Danielle Darrieux" in cut
    assert (cut == prompt) == (metrics.horizontalAdvance(prompt) <= width)
    assert elided(prompt, "", metrics, width)[:2] == prompt[:2] or width < 90
