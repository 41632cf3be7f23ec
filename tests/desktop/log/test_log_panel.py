"""The log dock: what the program says, from any thread, filtered and copied."""

import logging
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from tests.desktop.finding import find
from workbench.desktop.log.handler import LogKeeper
from workbench.desktop.log.panel import LogPanel


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[LogPanel]:
    keeper = LogKeeper()
    keeper.install()
    made = LogPanel(keeper)
    qtbot.addWidget(made)
    yield made
    keeper.remove()


def lines(panel: LogPanel) -> list[str]:
    return [
        line.split("  ", 1)[1] for line in find(panel, QPlainTextEdit, "log-text").toPlainText().splitlines()
    ]


def test_records_of_any_thread_appear_and_those_of_libraries_do_not(qtbot: QtBot, panel: LogPanel) -> None:
    logging.getLogger("workbench").info("Step 1")
    logging.getLogger("accelerate").warning("nothing for a person")
    told = threading.Thread(target=logging.getLogger("workbench.models").warning, args=("<b>odd</b>",))
    told.start()
    told.join()
    qtbot.waitUntil(lambda: len(lines(panel)) == 2)
    assert [line.split(maxsplit=1) for line in lines(panel)] == [
        ["info", "Step 1"],
        ["warning", "workbench.models: <b>odd</b>"],
    ]


def test_words_filter_what_is_shown_and_copied(qtbot: QtBot, panel: LogPanel) -> None:
    for text in ("Step 1", "Disk full"):
        logging.getLogger("workbench").info(text)
    qtbot.waitUntil(lambda: len(lines(panel)) == 2)
    find(panel, QLineEdit, "log-search").setText("disk")
    find(panel, QPushButton, "log-copy").click()
    assert QApplication.clipboard().text().endswith("Disk full")
    assert "Step" not in QApplication.clipboard().text()


@pytest.fixture
def long(qtbot: QtBot, panel: LogPanel) -> QPlainTextEdit:
    """More lines than there is room for, at the end."""
    panel.resize(400, 300)
    panel.show()
    for number in range(60):
        logging.getLogger("workbench").info("Step %d", number)
    qtbot.waitUntil(lambda: len(lines(panel)) == 60)
    return find(panel, QPlainTextEdit, "log-text")


def test_the_end_is_followed(qtbot: QtBot, panel: LogPanel, long: QPlainTextEdit) -> None:
    bar = long.verticalScrollBar()
    assert bar.value() == bar.maximum() > 0
    logging.getLogger("workbench").info("Step 60")
    qtbot.waitUntil(lambda: len(lines(panel)) == 61)
    assert bar.value() == bar.maximum()


def test_new_lines_leave_alone_what_the_person_scrolled_to_and_selected(
    qtbot: QtBot, panel: LogPanel, long: QPlainTextEdit
) -> None:
    long.verticalScrollBar().setValue(10)
    cursor = long.textCursor()
    cursor.setPosition(long.document().findBlockByNumber(12).position())
    cursor.movePosition(cursor.MoveOperation.EndOfBlock, cursor.MoveMode.KeepAnchor)
    long.setTextCursor(cursor)
    assert long.verticalScrollBar().value() == 10
    logging.getLogger("workbench").info("Step 60")
    qtbot.waitUntil(lambda: len(lines(panel)) == 61)
    assert long.verticalScrollBar().value() == 10
    assert long.textCursor().selectedText().endswith("Step 12")


def test_a_filter_shows_the_newest_of_what_it_finds(panel: LogPanel, long: QPlainTextEdit) -> None:
    long.verticalScrollBar().setValue(3)
    find(panel, QLineEdit, "log-search").setText("step")
    assert long.verticalScrollBar().value() == long.verticalScrollBar().maximum() > 0
