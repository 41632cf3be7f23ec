"""Recent sessions: what each holds, and renaming one in its row."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from tests.session.kept_runs import facts, job, recipe, run_kept
from workbench.desktop.shell.session_list import SessionList
from workbench.session.folder import Session

WAIT_MS = 20_000


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    run_kept(tmp_path / "edited.stableedit", recipe(evaluate_every=2), job(4))
    with Session.create(tmp_path / "facts only.stableedit") as session:
        session.set_facts("edit", facts(3))
    return [tmp_path / "edited.stableedit", tmp_path / "facts only.stableedit"]


@pytest.fixture
def sessions(qtbot: QtBot, folders: list[Path]) -> Iterator[SessionList]:
    made = SessionList()
    qtbot.addWidget(made)
    made.resize(700, 120)
    made.show()
    made.fill(folders)
    qtbot.waitUntil(lambda: bool(made.about(1)), timeout=WAIT_MS)
    yield made
    made.close_threads()


def rename(sessions: SessionList, name: str, key: Qt.Key = Qt.Key.Key_Return) -> None:
    QTest.keyClick(sessions, Qt.Key.Key_F2)
    [editor] = [e for e in sessions.viewport().findChildren(QLineEdit) if e.isVisible()]
    editor.selectAll()
    QTest.keyClicks(editor, name)
    QTest.keyClick(editor, key)


def test_each_session_says_its_model_facts_last_scores_and_last_change(sessions: SessionList) -> None:
    edited, unedited = sessions.about(0), sessions.about(1)
    assert edited.startswith("tiny-llama   ·   4 facts   ·   says it ")
    assert unedited.startswith("no model yet   ·   3 facts   ·   ")
    assert "says it" not in unedited


def test_a_session_is_renamed_in_its_row(sessions: SessionList, folders: list[Path], qtbot: QtBot) -> None:
    sessions.setFocus()
    sessions.setCurrentRow(0)
    with qtbot.waitSignal(sessions.renamed) as told:
        rename(sessions, "capitals")
    target = folders[0].with_name("capitals.stableedit")
    assert told.args == [str(folders[0]), str(target)]
    assert sessions.item(0).text() == "capitals"
    with Session.open(target) as session:
        assert len(session.runs()) == 1


def test_escape_leaves_the_name_and_a_taken_one_is_refused(
    sessions: SessionList, folders: list[Path], qtbot: QtBot
) -> None:
    sessions.setFocus()
    sessions.setCurrentRow(0)
    rename(sessions, "other", Qt.Key.Key_Escape)
    assert folders[0].exists()
    with qtbot.waitSignal(sessions.said) as said:
        rename(sessions, "facts only")
    assert said.args is not None
    assert "already" in said.args[0]
    assert folders[0].exists()
    with Session.open(folders[0]), qtbot.waitSignal(sessions.said) as said:
        rename(sessions, "free")
    assert said.args is not None
    assert "is open" in said.args[0]
    assert sessions.item(0).text() == "edited"
