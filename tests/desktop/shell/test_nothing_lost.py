"""What the window holds is never lost in silence: writes that fail, sessions saved as others, sessions left."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from tests.desktop.shell.conftest import fill
from tests.desktop.shell.walker import Walker
from tests.tiny import tiny_model
from workbench.desktop.main_window import MainWindow
from workbench.desktop.shell import preferences
from workbench.errors import SessionError
from workbench.session import database
from workbench.session.folder import Session

Locking = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch, window: MainWindow) -> Locking:
    """Within it, another program holds the session's database."""
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.05)
    fill(window, facts=2, warmup=0)
    window.desk.keeper.flush()

    @contextmanager
    def lock() -> Iterator[None]:
        other = sqlite3.connect(window.desk.keeper.need().folder / "session.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.close()

    return lock


def facts_in(folder: Path) -> int:
    with Session.open(folder, read_only=True) as session:
        return session.fact_count("edit")


def fail_to_save(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, facts=3, warmup=0)
    with qtbot.waitSignal(window.desk.keeper.not_saved, timeout=20_000):
        pass


def test_a_write_that_failed_is_told_and_tried_again_until_it_is_done(
    window: MainWindow, locked: Locking, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.desktop.workspace.keeper.RETRY_MS", 50)
    with locked():
        fail_to_save(window, qtbot)
        [sentence] = window.notices.sentences()
        assert sentence.startswith("Not saved: 3 changed facts and the settings. ")
        assert "another program" in sentence
        assert window.status.labels["saved"].text() == "not saved"
    qtbot.waitUntil(lambda: not window.desk.keeper.unsaved, timeout=20_000)
    assert window.notices.sentences() == []
    assert window.status.labels["saved"].text().startswith("saved")
    assert facts_in(window.desk.keeper.need().folder) == 5


def test_closing_right_after_a_write_that_failed_asks_and_staying_keeps_the_facts(
    window: MainWindow, locked: Locking, qtbot: QtBot
) -> None:
    walker = Walker(window, patience_s=60)
    with locked():
        fail_to_save(window, qtbot)
        walker.answer("unsaved-question", "Cancel")
        window.close()
        assert window.isVisible()
    folder = window.desk.keeper.need().folder
    window.close()
    assert not window.isVisible()
    assert facts_in(folder) == 5


def test_a_write_that_fails_while_the_window_closes_is_not_swallowed(
    window: MainWindow, locked: Locking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in its worker when the window closes, and its end is never delivered."""
    walker = Walker(window, patience_s=60)
    folder = window.desk.keeper.need().folder
    writing, real = Event(), Session.together

    def together(self: Session) -> AbstractContextManager[None]:
        writing.set()
        return real(self)

    with locked():
        monkeypatch.setattr(Session, "together", together)
        fill(window, facts=3, warmup=0)
        window.desk.keeper.save()
        walker.wait(writing.is_set, "the write to begin")
        walker.answer("unsaved-question", "Cancel")
        window.close()
        assert window.isVisible()
    window.close()
    assert facts_in(folder) == 5


def test_unsaved_facts_can_be_saved_elsewhere_when_the_window_closes(
    window: MainWindow, locked: Locking, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walker = Walker(window, patience_s=60)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "rescued"), ""))
    with locked():
        fail_to_save(window, qtbot)
        walker.answer("unsaved-question", "Save elsewhere…")
        window.close()
    assert not window.isVisible()
    assert facts_in(tmp_path / "rescued.stableedit") == 5


def test_discarding_what_cannot_be_saved_closes_the_window(
    window: MainWindow, locked: Locking, qtbot: QtBot
) -> None:
    walker = Walker(window, patience_s=60)
    folder = window.desk.keeper.need().folder
    with locked():
        fail_to_save(window, qtbot)
        walker.answer("unsaved-question", "Discard the changes")
        window.close()
    assert not window.isVisible()
    assert facts_in(folder) == 2


def test_a_model_loaded_while_the_session_cannot_be_written_is_told_and_works(
    window: MainWindow, locked: Locking
) -> None:
    with locked():
        window.handlers._model_loaded(tiny_model())
        Walker(window, patience_s=60).wait_for_end()
    assert window.desk.loaded is not None
    assert any("Noting the session's model failed" in s for s in window.notices.sentences())


def test_quitting_at_once_asks_for_what_cannot_be_saved_too(
    window: MainWindow, locked: Locking, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    walker = Walker(window, patience_s=60)
    with locked():
        fail_to_save(window, qtbot)
        walker.answer("unsaved-question", "Cancel")
        window.closing.force()
        assert ended == []
    window.closing.force()
    assert ended == [1]
    assert facts_in(window.desk.keeper.need().folder) == 5


def test_settings_are_read_in_the_window_s_thread_alone(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Session.create(tmp_path / "other").close()
    real, readers = preferences.keeping_of, set()

    def keeping_of(settings: QSettings) -> object:
        readers.add(threading.current_thread())
        return real(settings)

    monkeypatch.setattr(preferences, "keeping_of", keeping_of)
    with qtbot.waitSignal(window.desk.keeper.saved, timeout=20_000):
        fill(window)  # makes a session in a worker
    with qtbot.waitSignal(window.desk.keeper.opened, timeout=20_000):
        window.handlers.open_session(tmp_path / "other")
    assert readers == {threading.main_thread()}


def test_trying_again_saves_once_the_other_program_has_gone(
    window: MainWindow, locked: Locking, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    walker = Walker(window, patience_s=60)
    folder = window.desk.keeper.need().folder
    with locked():
        fail_to_save(window, qtbot)
    real, failures = Session.together, [SessionError("The folder is being written by another program.")]

    def once(self: Session) -> AbstractContextManager[None]:
        if failures:
            raise failures.pop()
        return real(self)

    monkeypatch.setattr(Session, "together", once)
    walker.answer("unsaved-question", "Wait and try again")
    window.close()
    assert not window.isVisible()
    assert facts_in(folder) == 5


@pytest.mark.parametrize("how", ["new", "open"])
def test_a_session_with_unsaved_facts_is_not_left_unasked(
    window: MainWindow, locked: Locking, qtbot: QtBot, tmp_path: Path, how: str
) -> None:
    walker = Walker(window, patience_s=60)
    Session.create(tmp_path / "other").close()
    folder = window.desk.keeper.need().folder
    with locked():
        fail_to_save(window, qtbot)
        walker.answer("unsaved-question", "Cancel")
        if how == "new":
            window.actions_by_name["new-session"].trigger()
        else:
            window.handlers.open_session(tmp_path / "other")
            walker.wait(lambda: not window.desk.keeper.busy, "the other session")
        assert window.desk.keeper.need().folder == folder
        assert len(window.facts.facts) == 5
    with Session.open(tmp_path / "other") as other:
        assert not other.read_only  # nobody holds it
    window.desk.keeper.flush()
    assert facts_in(folder) == 5


# Save as


def untitled(window: MainWindow) -> Path:
    fill(window)
    window.desk.keeper.flush()
    QApplication.processEvents()
    return window.desk.keeper.need().folder


def test_a_failed_save_as_takes_nothing_with_it_when_another_session_is_opened(
    window: MainWindow, tmp_path: Path
) -> None:
    walker = Walker(window, patience_s=60)
    folder = untitled(window)
    Session.create(tmp_path / "taken.stableedit").close()
    window.handlers.sessions.save_to(tmp_path / "taken.stableedit")
    walker.wait(lambda: any("is a session already" in s for s in window.notices.sentences()), "the refusal")
    window.handlers.open_session(tmp_path / "taken.stableedit")
    walker.wait(lambda: window.desk.keeper.name == "taken", "the other session")
    assert facts_in(folder) == 4


def test_facts_typed_while_the_copy_is_made_are_in_the_new_session(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walker = Walker(window, patience_s=60)
    folder = untitled(window)
    copied, go = Event(), Event()
    real = Session.copy_to

    def slowly(self: Session, path: Path) -> Path:
        made = real(self, path)
        copied.set()
        go.wait()
        return made

    monkeypatch.setattr(Session, "copy_to", slowly)
    window.handlers.sessions.save_to(tmp_path / "named.stableedit")
    walker.wait(copied.is_set, "the copy")
    QApplication.processEvents()
    fill(window, facts=3, warmup=0)
    window.desk.keeper.save()
    assert "copied" in window.actions_by_name["new-session"].toolTip()
    go.set()
    walker.wait(lambda: window.desk.keeper.name == "named", "the session under its name")
    assert len(window.facts.facts) == 7
    window.close()
    assert facts_in(tmp_path / "named.stableedit") == 7
    assert not folder.exists()


def test_an_untitled_session_stays_where_the_copy_does_not_hold_the_same(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walker = Walker(window, patience_s=60)
    folder = untitled(window)
    real = Session.copy_to

    def damaged(self: Session, path: Path) -> Path:
        made = real(self, path)
        with Session.open(made) as copy:
            copy.set_facts("edit", [])
        return made

    monkeypatch.setattr(Session, "copy_to", damaged)
    window.handlers.sessions.save_to(tmp_path / "named.stableedit")
    walker.wait(lambda: any("does not hold" in s for s in window.notices.sentences()), "the refusal")
    assert window.desk.keeper.need().folder == folder
    assert not (tmp_path / "named.stableedit").exists()
    assert facts_in(folder) == 4


def test_a_copy_of_a_run_is_compared_file_by_file(walker: Walker, tmp_path: Path) -> None:
    walker.press("edit")
    walker.wait_for_end()
    session = walker.window.desk.keeper.need()
    with Session.open(session.copy_to(tmp_path / "copy")) as copy:
        assert session.holds_the_same(copy)
        step = next((copy.folder / "steps").iterdir())
        content = step.read_bytes()
        step.unlink()
        assert not session.holds_the_same(copy)
        step.write_bytes(content)
        assert session.holds_the_same(copy)
        copy.name_run(1, "another name")
        assert not session.holds_the_same(copy)
