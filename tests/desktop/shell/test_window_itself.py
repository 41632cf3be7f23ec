"""The window around the work: what it shows whole, how it is reached, what it keeps."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.desktop.finding import find
from tests.desktop.geometry import faults
from tests.desktop.shell.conftest import fill
from tests.desktop.shell.walker import Walker
from workbench.desktop.main_window import MainWindow
from workbench.desktop.run.progress import RunProgress
from workbench.desktop.shell.notices import Notice
from workbench.session.folder import Session


def test_nothing_is_cut_and_nothing_scrolls_sideways_at_1280_by_800(walker: Walker) -> None:
    window = walker.window
    assert (window.width(), window.height()) == (1_280, 800)
    for dock, panels in (
        ("model", ("model", "method", "run")),
        ("probe", ("probe", "ledger", "answers", "compare", "log")),
    ):
        for panel in panels:
            window.docks[dock].show_panel(panel)
            QApplication.processEvents()
            for shown in window.findChildren(QPushButton):
                if shown.isVisible() and shown.text() and shown.layout() is None:
                    needed = shown.fontMetrics().horizontalAdvance(shown.text().replace("&&", "&"))
                    assert shown.width() >= needed, f"{shown.objectName()} cuts {shown.text()!r}"
            for label in window.docks[dock].findChildren(QLabel):
                if label.isVisible() and not label.wordWrap() and label.text():
                    assert label.width() >= label.fontMetrics().horizontalAdvance(label.text()) - 1, (
                        label.text()
                    )


def test_every_control_has_a_name_and_every_disabled_one_says_why(walker: Walker) -> None:
    window = walker.window
    bottom = [("probe", panel) for panel in ("probe", "ledger", "answers", "compare", "log")]
    for dock, panel in [*(("model", panel) for panel in ("model", "method", "run")), *bottom]:
        window.docks[dock].show_panel(panel)
        QApplication.processEvents()
        for widget in window.findChildren(QWidget):
            if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                named = widget.accessibleName() or (widget.text() if hasattr(widget, "text") else "")
                owner = widget.parentWidget()
                named = named or (owner.accessibleName() if owner is not None else "")
                assert named or widget.metaObject().className() in {"QScrollArea"}, (
                    widget.metaObject().className(),
                    widget.objectName(),
                )
    for action in [*window.actions_by_name.by_name.values(), *window.facts.actions_by_name.actions.values()]:
        if not action.isEnabled():
            assert action.toolTip().endswith("."), action.objectName()


def test_every_action_is_reached_by_a_key_or_a_menu(window: MainWindow) -> None:
    in_menus = set()
    todo = [action.menu() for action in window.menuBar().actions()]
    while todo:
        menu = todo.pop()
        for action in menu.actions():  # type: ignore[attr-defined]
            in_menus.add(action)
            if action.menu() is not None:
                todo.append(action.menu())
    for action in window.actions_by_name.by_name.values():
        assert action in in_menus, action.objectName()
    taken: dict[str, str] = {}
    for action in in_menus:
        for key in action.shortcuts():
            text = key.toString()
            assert text not in taken, f"{text} is both {taken.get(text)} and {action.text()}"
            taken[text] = action.text()


def test_every_tab_shows_the_key_that_brings_it_to_the_front(window: MainWindow) -> None:
    for dock in window.docks.values():
        tabs = dock.title_tabs.tabs
        for number, panel in enumerate(dock.names):
            action = window.findChild(QAction, f"action-show-{panel}")
            assert action is not None
            assert tabs.tabToolTip(number) == action.shortcut().toString() != ""


def test_the_layout_is_kept_and_reset(window: MainWindow, make_window: Callable[[], MainWindow]) -> None:
    window.docks["probe"].close()
    window.plots.set_chosen(["loss"])
    window.close()
    second = make_window()
    assert not second.docks["probe"].isVisible()
    assert second.plots.chosen() == ["loss"]
    second.actions_by_name["reset-layout"].trigger()
    QApplication.processEvents()
    assert second.docks["probe"].isVisible()
    assert len(second.plots.chosen()) > 5


def test_what_is_dropped_goes_where_it_belongs(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    session = Session.create(tmp_path / "dropped.stableedit")
    session.close()
    model = tmp_path / "model"
    model.mkdir()
    table = tmp_path / "facts.csv"
    table.write_text("prompt,target\na,b\n")
    taken: list[tuple[str, str]] = []
    monkeypatch.setattr(window.handlers, "open_session", lambda path: taken.append(("session", path.name)))
    monkeypatch.setattr(window.handlers, "load_source", lambda text: taken.append(("model", Path(text).name)))
    monkeypatch.setattr(window.facts, "import_file", lambda path: taken.append(("facts", path.name)))
    for path in (session.folder, model, table):
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        keys = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        window.dropEvent(QDropEvent(QPointF(1, 1), Qt.DropAction.CopyAction, data, *keys))
    qtbot.waitUntil(lambda: len(taken) == 3)
    assert taken == [("session", "dropped.stableedit"), ("model", "model"), ("facts", "facts.csv")]


def test_a_file_of_facts_that_is_dragged_shows_where_it_would_go(window: MainWindow, tmp_path: Path) -> None:
    table = tmp_path / "facts.csv"
    table.write_text("prompt,target\na,b\n")
    mark = find(window, QLabel, "drop-mark")

    def drag(path: Path) -> bool:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        keys = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(
            window, QDragEnterEvent(QPointF(1, 1).toPoint(), Qt.DropAction.CopyAction, data, *keys)
        )
        return mark.isVisible()

    assert drag(table)
    assert mark.size() == window.facts.size()
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not mark.isVisible()
    assert not drag(tmp_path)
    window.facts.lock("Facts cannot be changed while a run goes on.")
    assert drag(table)
    assert "run goes on" in mark.text()


def test_one_notice_of_a_kind_is_kept_and_the_newest_is_in_front(window: MainWindow) -> None:
    for i in range(5):
        window.notices.show_notice(Notice(f"news {i}"))
    assert window.notices.sentences() == ["news 2", "news 3", "news 4"]
    window.notices.show_notice(Notice("same", key="k"))
    window.notices.show_notice(Notice("same again", key="k"))
    assert "same" not in window.notices.sentences()
    [front] = [frame for frame in window.notices.frames if frame.isVisible()]
    assert front.notice.sentence == "same again"
    front.others.click()
    [front] = [frame for frame in window.notices.frames if frame.isVisible()]
    assert front.notice.sentence == "news 4"
    QTest.keyClick(front, Qt.Key.Key_Escape)
    assert "news 4" not in window.notices.sentences()


def test_notices_float_and_move_nothing(window: MainWindow) -> None:
    window.resize(1_024, 700)
    QApplication.processEvents()
    before = window.size(), window.pages.geometry(), window.docks["facts"].geometry()
    for i in range(3):
        sentence = f"Run {i} was cut off in a/very/{'long/' * 40}path; every finished step is saved."
        window.notices.show_notice(
            Notice(sentence, "bad", "details\n" * 30, offers=[("Do this", int), ("Do that", int)])
        )
        QApplication.processEvents()
        assert (window.size(), window.pages.geometry(), window.docks["facts"].geometry()) == before
    frame = window.notices.frames[-1]
    find(frame, QPushButton, "notice-more").click()
    QApplication.processEvents()
    assert frame.details.isVisible()
    assert window.pages.rect().contains(window.notices.geometry())
    assert faults(window) == []


def test_a_notice_goes_when_it_no_longer_holds(walker: Walker) -> None:
    window, true = walker.window, [True]
    window.notices.show_notice(Notice("as long as it is true", holds=lambda: true[0]))
    window.notices.show_notice(Notice("for good"))
    window.desk.changed.emit()
    assert len(window.notices.sentences()) == 2
    true[0] = False
    window.desk.changed.emit()
    assert window.notices.sentences() == ["for good"]
    window.notices.clear()
    fill(window, facts=40, warmup=0)
    walker.press("edit")
    walker.wait_for_steps(1)
    window.handlers.load_source("starter")
    assert any("Not while the edits" in s for s in window.notices.sentences())
    walker.press("stop")
    walker.wait_for_end()
    QApplication.processEvents()
    assert not any("Not while" in s for s in window.notices.sentences())


def test_good_news_goes_by_itself_and_gives_way(window: MainWindow) -> None:
    window.notices.show_notice(Notice("Written.", "good"))
    window.notices.show_notice(Notice("Look at this.", "warning"))
    assert window.notices.sentences() == ["Look at this."]
    window.notices.clear()
    window.notices.show_notice(Notice("Written.", "good"))
    window.notices._brief.timeout.emit()
    assert window.notices.sentences() == []


def test_what_does_not_fit_on_the_tool_bar_is_in_its_menu(window: MainWindow) -> None:
    bar = window.tool_bar
    for width in (1_920, 1_280, 1_024, 820):
        window.resize(width, 700)
        QApplication.processEvents()
        on_bar = {button.action for button in bar.buttons.values() if button.isVisible()}
        in_menu = set(bar.more.menu().actions())
        assert on_bar | in_menu == {button.action for button in bar.buttons.values()}
        assert not on_bar & in_menu
        assert bar.more.isVisible() == bool(in_menu)
        assert bar.buttons["load-model"].isVisible()  # the primary one
        assert bool(in_menu) == (width < 1_280)
    window.resize(1_280, 700)
    window.actions_by_name["warm-up"].setText("Warmed up · 1,000,000 rows")
    QApplication.processEvents()
    assert bar.more.isVisible()


def test_a_sentence_of_a_hover_never_covers_progress(window: MainWindow) -> None:
    progress, sentence = RunProgress(), "Write the edited model as a folder that other programs load"
    progress.expect("Run", warming_up=False)
    window.statusBar().showMessage(sentence)
    QApplication.processEvents()
    assert not window.status.labels["activity"].isVisible()
    window.status.show_progress(progress, running=True)
    QApplication.processEvents()
    assert window.status.bar.isVisible()
    assert window.status.labels["activity"].isVisible()
    window.statusBar().showMessage(sentence)
    QApplication.processEvents()
    assert window.status.bar.isVisible()
    assert not window.statusBar().currentMessage()
    window.status.show_progress(progress, running=False)
    window.statusBar().showMessage(sentence)
    assert window.statusBar().currentMessage() == sentence


def test_the_log_is_filtered_and_copied(window: MainWindow, qtbot: QtBot) -> None:
    window.log.install()
    try:
        logging.getLogger("workbench").info("<b>plain</b> news")
        logging.getLogger("workbench").warning("careful")
        qtbot.waitUntil(lambda: "careful" in window.log_panel.text.toPlainText())
    finally:
        window.log.remove()
    assert "<b>plain</b>" in window.log_panel.text.toPlainText()
    window.log_panel.level.setCurrentIndex(1)
    window.log_panel.level.activated.emit(1)
    assert "plain" not in window.log_panel.text.toPlainText()
    window.log_panel.copy_button.click()
    assert "careful" in QApplication.clipboard().text()


@pytest.mark.parametrize("action", ["preferences", "shortcuts", "about", "method-help"])
def test_dialogs_open_and_close(window: MainWindow, action: str, qtbot: QtBot) -> None:
    from PySide6.QtCore import QTimer

    seen: list[str] = []

    def look() -> None:
        shown = [d for d in window.findChildren(QDialog) if d.isVisible()]
        seen.extend(d.objectName() for d in shown)
        for dialog in shown:
            dialog.close()

    QTimer.singleShot(200, window, look)
    window.actions_by_name[action].trigger()
    qtbot.waitUntil(lambda: bool(seen))
    assert len(seen) == 1
