"""The window's thread never waits for the engine, and closing has a limit after which it can be forced."""

import os

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from tests.desktop.finding import find
from tests.desktop.shell.walker import Walker
from tests.runner.test_gate import Visitor
from workbench.desktop.main_window import MainWindow
from workbench.desktop.shell import closing
from workbench.desktop.shell.closing import ClosingDialog


class Stuck(Visitor):
    """The engine in the middle of what cannot be interrupted."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window.desk.bench.original)


def test_unloading_while_an_answer_is_written_does_not_wait_for_it(loaded: MainWindow) -> None:
    stuck = Stuck(loaded)
    loaded.handlers.unload_model()
    assert loaded.desk.loaded is None
    assert not loaded.tool_bar.buttons["edit"].isEnabled()
    stuck.leave()


def hold_a_run(walker: Walker) -> Stuck:
    """A run that waits inside a minibatch, until the visitor leaves."""
    stuck = Stuck(walker.window)
    walker.press("edit")
    walker.wait(lambda: walker.window.desk.run.runner.busy, "the run")
    return stuck


def close_slowly(walker: Walker, monkeypatch: pytest.MonkeyPatch) -> ClosingDialog:
    monkeypatch.setattr(closing, "GRACE_S", 0)
    walker.answer("close-question", "Stop and quit")
    assert not walker.window.close()
    return walker.dialog(ClosingDialog)


def test_closing_says_that_it_waits_and_closes_once_the_engine_stopped(
    walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = hold_a_run(walker)
    dialog = close_slowly(walker, monkeypatch)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert find(dialog, QPushButton, "closing-quit").isHidden()
    stuck.leave()
    walker.wait(lambda: not walker.window.isVisible(), "the window to close")
    assert not walker.window.desk.run.runner.busy


def test_closing_that_takes_too_long_can_be_forced(walker: Walker, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr(closing, "LIMIT_S", 0)
    stuck = hold_a_run(walker)
    dialog = close_slowly(walker, monkeypatch)
    button = find(dialog, QPushButton, "closing-quit")
    walker.wait(button.isVisible, "the offer to quit")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert ended == [1]
    session = walker.window.desk.keeper.session
    assert session is not None
    assert [fact.prompt for fact in session.facts("edit")] == [f"fact {i} is" for i in range(4)]
    stuck.leave()
    walker.wait(lambda: not walker.window.isVisible(), "the window to close")


def test_an_engine_that_breaks_while_it_is_loaded_is_said_in_the_status_bar(window: MainWindow) -> None:
    window.desk.engine_ready = False
    window.desk._engine_broke(ImportError("no torch"))
    QApplication.processEvents()
    assert "could not be loaded" in window.status.labels["activity"].text()
    assert "no torch" in window.notices.sentences()[0]
