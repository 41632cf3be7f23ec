"""A new or another session begins as if nothing had been before it."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from tests.desktop.shell.conftest import fill
from tests.desktop.shell.test_main_window import warm_up_and_edit
from tests.desktop.shell.walker import Walker
from workbench.desktop.facts.store.columns import TARGET
from workbench.desktop.facts.table_model import EMPTY
from workbench.desktop.main_window import MainWindow
from workbench.desktop.shell.notices import Notice
from workbench.desktop.shell.recent import remember_session
from workbench.session.folder import Session


def leave_traces(window: MainWindow) -> None:
    page = window.facts.facts_page
    page.table.sortByColumn(TARGET, Qt.SortOrder.DescendingOrder)
    window.facts.tabs.setCurrentWidget(page)
    page.type_new()
    [editor] = [e for e in page.table.viewport().findChildren(QLineEdit) if e.isVisible()]
    QTest.keyClicks(editor, "half typed")
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    assert page.model.draft.prompt == "half typed"
    page.filter_bar.field.setText("t1")
    page.notice.say("a remark on a fact")
    window.facts.tabs.setCurrentWidget(window.facts.warmup_page)
    window.probe.set_prompt("a prompt of before")
    window.notices.show_notice(Notice("news of before"))
    QApplication.processEvents()


def assert_no_trace(window: MainWindow) -> None:
    page = window.facts.facts_page
    assert window.facts.page is page
    assert page.model.draft == EMPTY
    assert (page.model.sort_column, bool(page.model.query)) == (-1, False)
    assert page.table.horizontalHeader().sortIndicatorSection() not in range(page.model.columnCount())
    assert page.filter_bar.field.text() == ""
    assert page.notice.label.text() == ""
    assert window.probe.prompt_field.text() == ""
    assert not any("before" in s for s in window.notices.sentences())


def test_a_new_session_has_nothing_of_the_one_before(walker: Walker) -> None:
    window = walker.window
    warm_up_and_edit(walker)
    window.overlays._chosen[1] = window.desk.run.bridge.series
    leave_traces(window)
    window.actions_by_name["new-session"].trigger()
    QApplication.processEvents()
    assert_no_trace(window)
    assert window.notices.sentences() == []
    assert (len(window.facts.facts), len(window.facts.warmup)) == (0, 0)
    assert list(window.overlays.shown) == []
    assert not window.run_panel.headline.isVisible()
    fill(window, facts=3, warmup=0)
    assert window.facts.facts_page.model.shown.tolist() == [0, 1, 2]


def test_another_session_has_nothing_of_the_one_before(window: MainWindow, tmp_path: Path) -> None:
    Session.create(tmp_path / "other").close()
    fill(window)
    leave_traces(window)
    window.handlers.open_session(tmp_path / "other")
    Walker(window, patience_s=60).wait(lambda: window.desk.keeper.name == "other", "the session")
    assert_no_trace(window)


def test_begin_with_empty_lists_has_empty_lists(window: MainWindow) -> None:
    fill(window)
    window.desk.keeper.flush()
    before = window.desk.keeper.need().folder
    window.show_welcome()
    window.welcome.skip.click()
    assert not window.welcoming
    assert len(window.facts.facts) == 0
    assert window.desk.keeper.session is None
    with Session.open(before) as kept:
        assert kept.fact_count("edit") == 4


def test_the_welcome_page_leads_back_to_what_is_open(window: MainWindow) -> None:
    window.show_welcome()
    assert not window.welcome.back.isVisible()
    window.leave_welcome()
    fill(window)
    window.show_welcome()
    assert window.welcome.back.text() == "Back to Untitled"
    window.welcome.back.click()
    assert not window.welcoming
    assert len(window.facts.facts) == 4


def test_escape_leads_back_from_the_welcome_page_where_something_is_open(window: MainWindow) -> None:
    window.show_welcome()
    QTest.keyClick(window.welcome.doors["starter"], Qt.Key.Key_Escape)
    assert window.welcoming
    window.leave_welcome()
    fill(window)
    window.show_welcome()
    assert "Into Untitled" in window.welcome.doors["model"].accessibleDescription()
    QTest.keyClick(window.welcome.doors["starter"], Qt.Key.Key_Escape)
    assert not window.welcoming


def test_recent_sessions_do_not_make_the_window_higher(window: MainWindow, tmp_path: Path) -> None:
    for i in range(6):
        Session.create(tmp_path / f"session {i}").close()
        remember_session(window.settings, tmp_path / f"session {i}")
    window.resize(1024, 700)
    window.show_welcome()
    QApplication.processEvents()
    window.leave_welcome()
    QApplication.processEvents()
    assert (window.width(), window.height()) == (1024, 700)


def test_nothing_is_opened_from_the_welcome_page_while_a_run_goes_on(walker: Walker) -> None:
    window = walker.window
    fill(window, facts=60, warmup=0)
    walker.press("edit")
    walker.wait_for_steps(1)
    window.show_welcome()
    for part in (*window.welcome.doors.values(), window.welcome.skip):
        assert not part.isEnabled()
        assert "Not while the edits go on" in part.toolTip()
    window.welcome.back.click()
    assert not window.welcoming


def test_starter_facts_that_come_late_stay_out_of_a_new_session(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    from threading import Event

    from workbench.desktop.shell import starter_session

    walker, go, real = Walker(window, patience_s=60), Event(), starter_session.starter_facts

    def slowly() -> object:
        go.wait()
        return real()

    monkeypatch.setattr(starter_session, "starter_facts", slowly)
    monkeypatch.setattr(window.handlers, "load_source", lambda _source: None)
    window.handlers.open_starter()
    window.actions_by_name["new-session"].trigger()
    go.set()
    walker.wait(lambda: not window.handlers._fetching.working, "the facts to be read")
    QApplication.processEvents()
    assert len(window.facts.facts) == 0
