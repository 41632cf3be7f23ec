"""Where sessions and models lie: saved elsewhere, duplicated, moved or removed, a model that is not where it was."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from tests.desktop.shell.conftest import fill
from tests.desktop.shell.walker import Walker
from tests.tiny import tiny_model
from workbench.desktop.main_window import MainWindow
from workbench.desktop.shell.notices import NoticeFrame
from workbench.desktop.shell.recent import recent_sessions
from workbench.errors import SessionMoved
from workbench.session.folder import Session


def chosen(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """What the person answers to the next file dialog."""
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(path))


def notice(window: MainWindow, words: str) -> NoticeFrame:
    [frame] = [f for f in window.notices.frames if words in f.notice.sentence]
    return frame


def offer(frame: NoticeFrame, text: str) -> QPushButton:
    return next(b for b in frame.findChildren(QPushButton, "notice-offer") if b.text() == text)


def edited(walker: Walker) -> Path:
    """One run of two steps, in a session of the person's data folder."""
    walker.press("edit")
    walker.wait_for_end()
    walker.window.desk.keeper.flush()
    return walker.window.desk.keeper.need().folder


def saved(walker: Walker, name: str) -> Path:
    """As ``edited``, in a session with a name."""
    folder = edited(walker)
    window = walker.window
    path = folder.parent / f"{name}.stableedit"
    window.handlers.sessions.save_to(path)
    walker.wait(lambda: window.desk.keeper.need().folder == path, "the session under its name")
    walker.wait_for_end()
    return path


def test_save_as_goes_on_in_the_new_place_and_leaves_no_untitled_one(
    walker: Walker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = walker.window
    untitled = edited(walker)
    assert untitled.stem == "Untitled"
    chosen(monkeypatch, tmp_path / "Named")
    window.actions_by_name["save-as"].trigger()
    walker.wait(lambda: window.desk.keeper.name == "Named", "the session under its name")
    walker.wait_for_end()
    assert window.desk.keeper.need().folder == tmp_path / "Named.stableedit"
    assert not untitled.exists()
    assert recent_sessions(window.settings) == [tmp_path / "Named.stableedit"]
    assert window.desk.bench.chain == [1]
    assert window.desk.bench.editor is not None


def test_a_session_with_a_name_stays_where_it_is_when_saved_as_another(
    walker: Walker, tmp_path: Path
) -> None:
    first = saved(walker, "First")
    walker.window.handlers.sessions.save_to(tmp_path / "Second.stableedit")
    walker.wait(lambda: walker.window.desk.keeper.name == "Second", "the second session")
    assert first.exists()


def test_a_duplicate_lies_beside_the_session_and_work_goes_on_here(walker: Walker) -> None:
    window = walker.window
    assert not window.actions_by_name["duplicate"].isEnabled()
    folder = edited(walker)
    QApplication.processEvents()
    window.actions_by_name["duplicate"].trigger()
    walker.wait(lambda: any("Duplicated" in s for s in window.notices.sentences()), "the duplicate")
    copy = folder.with_name("Untitled copy.stableedit")
    assert window.desk.keeper.need().folder == folder
    with Session.open(copy) as duplicate:
        assert [r.steps_done for r in duplicate.runs()] == [2]
        assert duplicate.rebuild(tiny_model()).bit_equal
    offer(notice(window, "Duplicated"), "Open it").click()
    walker.wait(lambda: window.desk.keeper.need().folder == copy, "the duplicate")


def test_a_session_that_was_moved_while_closed_works(
    walker: Walker, make_window: Callable[[], MainWindow], tmp_path: Path
) -> None:
    folder = edited(walker)
    walker.window.close()
    moved = Path(shutil.move(folder, tmp_path / "elsewhere.stableedit"))
    second = make_window()
    assert recent_sessions(second.settings) == []
    second.handlers.open_session(moved)
    again = Walker(second, patience_s=60)
    again.wait(lambda: second.desk.keeper.session is not None, "the session")
    second.desk.set_model(tiny_model())
    again.wait_for_end()
    fill(second, facts=2, warmup=0)
    QApplication.processEvents()
    again.press("edit")
    again.wait_for_end()
    assert second.desk.bench.chain == [1, 2]


@pytest.mark.parametrize("how", ["moved", "removed"])
def test_a_session_that_goes_while_it_is_open_is_told_and_saved_as_another(
    walker: Walker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    window = walker.window
    folder = edited(walker)
    if how == "moved":
        shutil.move(folder, tmp_path / "moved.stableedit")
    else:
        shutil.rmtree(folder)
    window.desk.keeper.look()
    QApplication.processEvents()
    frame = notice(window, "was moved or removed while it was open")
    assert "\n" not in frame.notice.sentence
    assert not window.actions_by_name["duplicate"].isEnabled()
    fill(window, facts=3, warmup=0)
    window.desk.keeper.save()
    assert not folder.exists()
    chosen(monkeypatch, tmp_path / "Rescued.stableedit")
    offer(frame, "Save as…").click()
    walker.wait(lambda: window.desk.keeper.name == "Rescued", "the new session")
    with Session.open(tmp_path / "Rescued.stableedit", read_only=True) as rescued:
        assert rescued.fact_count("edit") == 7
        assert rescued.runs() == []
    assert not any("was moved" in s for s in window.notices.sentences())
    if how == "moved":
        with Session.open(tmp_path / "moved.stableedit") as kept:
            assert kept.run().steps_done == 2


def test_a_run_in_a_session_that_is_gone_ends_with_a_sentence_and_closing_asks(
    walker: Walker, tmp_path: Path
) -> None:
    window = walker.window
    fill(window, facts=60, warmup=0)
    walker.press("edit")
    walker.wait_for_steps(1)
    window.desk.keeper.need().folder.rename(tmp_path / "moved.stableedit")
    walker.wait_for_end()
    assert any("was moved or removed" in s for s in window.notices.sentences())
    window.facts.history.remove(window.facts.facts, np.array([0]))
    walker.answer("unsaved-question", "Discard the changes")
    window.close()
    assert not window.isVisible()
    with Session.open(tmp_path / "moved.stableedit") as kept:
        assert kept.run().steps_done >= 1


def test_nothing_is_written_where_another_folder_took_the_place(tmp_path: Path) -> None:
    with Session.create(tmp_path / "s") as session:
        shutil.move(tmp_path / "s", tmp_path / "t")
        Session.create(tmp_path / "s").close()
        with pytest.raises(SessionMoved, match="moved or removed"):
            session.set_setting("x", 1)
    with Session.open(tmp_path / "s") as other:
        assert other.setting("x") is None


def test_a_model_that_is_not_where_it_was_is_asked_for(
    walker: Walker, make_window: Callable[[], MainWindow], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from dataclasses import replace

    session = walker.window.desk.keeper
    folder = edited(walker)
    model = session.need().model
    assert model is not None
    session.need().set_model(replace(model, source=str(tmp_path / "gone" / "my-model")))
    walker.window.close()
    second = make_window()
    second.handlers.open_session(folder)
    again = Walker(second, patience_s=60)
    again.wait(lambda: second.desk.keeper.session is not None, "the session")
    frame = notice(second, "is not in")
    assert "my-model" in frame.notice.sentence
    asked: list[str] = []
    monkeypatch.setattr(second.handlers, "load_source", asked.append)
    chosen(monkeypatch, tmp_path)
    offer(frame, "Find it…").click()
    assert asked == [str(tmp_path)]


def test_another_model_than_the_session_s_is_told_by_its_hash(
    walker: Walker, make_window: Callable[[], MainWindow], qtbot: QtBot
) -> None:
    folder = edited(walker)
    walker.window.close()
    second = make_window()
    second.handlers.open_session(folder)
    Walker(second, patience_s=60).wait(lambda: second.desk.keeper.session is not None, "the session")
    second.handlers._model_loaded(tiny_model(seed=5))
    frame = notice(second, "is not the model that this session edits")
    assert "SHA-256" in frame.notice.sentence
    assert offer(frame, "Find the right one…").isEnabled()
    assert second.desk.bench.chain == []
    model = second.desk.keeper.need().model
    assert model is not None
    assert model.sha256 == f"{0:064x}"  # still the one that its runs edited
    second.handlers._model_loaded(tiny_model())
    qtbot.waitUntil(lambda: second.desk.bench.chain == [1] and not second.desk.run.activity, timeout=60_000)


def test_a_second_window_does_not_take_a_session_that_is_open_for_one_left_by_a_crash(
    walker: Walker, make_window: Callable[[], MainWindow]
) -> None:
    edited(walker)
    second = make_window()
    assert not any("ended while" in s for s in second.notices.sentences())
