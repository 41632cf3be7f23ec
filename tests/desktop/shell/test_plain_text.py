"""Names and texts of a person or a file are shown letter by letter, whatever markup they hold."""

from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractItemView, QApplication, QDialog, QLabel, QTableView, QTreeView, QWidget

from tests.desktop.shell.test_main_window import warm_up_and_edit
from tests.desktop.shell.walker import Walker
from workbench.desktop.facts import prepared
from workbench.desktop.facts.export import _Writing
from workbench.desktop.questions import may_discard
from workbench.desktop.shell.notices import Notice
from workbench.facts.fact import Fact

MARKUP = "<b>bold<img src=x>"
ROLE = Qt.ItemDataRole


def taken_for_markup(text: object) -> bool:
    return isinstance(text, str) and MARKUP in text


def labels_with_markup(root: QWidget) -> list[str]:
    return [
        label.text()
        for label in root.findChildren(QLabel)
        if taken_for_markup(label.text()) and label.textFormat() is not Qt.TextFormat.PlainText
    ]


def tips_with_markup(root: QWidget) -> list[str]:
    tips = [widget.toolTip() for widget in root.findChildren(QWidget)]
    tips += [action.toolTip() for action in root.findChildren(QAction)]
    views: list[QAbstractItemView] = [*root.findChildren(QTableView), *root.findChildren(QTreeView)]
    for model in {view.model() for view in views} - {None}:
        columns = range(model.columnCount(QModelIndex()))
        tips += [model.headerData(i, Qt.Orientation.Horizontal, ROLE.ToolTipRole) for i in columns]
        rows = [(row, QModelIndex()) for row in range(min(model.rowCount(QModelIndex()), 20))]
        tips += [model.index(row, i, top).data(ROLE.ToolTipRole) for row, top in rows for i in columns]
    return [tip for tip in tips if taken_for_markup(tip)]


def test_markup_in_facts_and_in_the_names_of_runs_and_files(walker: Walker, tmp_path: Path) -> None:
    window = walker.window
    window.facts.history.add(
        window.facts.facts, prepared([Fact(MARKUP, MARKUP, MARKUP, MARKUP, (MARKUP,), tags=(MARKUP,))])
    )
    warm_up_and_edit(walker)
    session = window.desk.keeper.session
    assert session is not None
    for record in session.runs():
        session.name_run(record.id, MARKUP, MARKUP)
        window.ledger.book.refresh_run(record.id)
    window.compare.runs_changed()
    window.handlers.tell(Notice(f"{MARKUP} failed.", "bad", MARKUP))
    window.recent_menu.fill([tmp_path / MARKUP])
    window.actions_by_name.say("edit", MARKUP)
    for dock in window.docks.values():
        dock.show()
    QApplication.processEvents()
    assert labels_with_markup(window) == []
    assert tips_with_markup(window) == []


@pytest.mark.parametrize("dialog", ["note", "question", "export"])
def test_markup_in_ready_made_dialogs(walker: Walker, tmp_path: Path, dialog: str) -> None:
    window = walker.window
    seen: list[list[str]] = []

    def look() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QDialog)
        assert any("bold" in label.text() for label in box.findChildren(QLabel))
        seen.append(labels_with_markup(box))
        box.reject()

    if dialog == "export":
        writing = _Writing([Fact("a", "b")], tmp_path / MARKUP, window)
        assert labels_with_markup(writing) == []
        writing.deleteLater()
        return
    if dialog == "question":
        QTimer.singleShot(0, window, look)
        assert not may_discard(window, MARKUP)
    else:
        warm_up_and_edit(walker)
        session = window.desk.keeper.session
        assert session is not None
        run = session.run().id
        session.name_run(run, MARKUP, "")
        window.ledger.book.refresh_run(run)
        window.ledger.select(run)
        QTimer.singleShot(0, window, look)
        window.handlers.ledger.note_run()
    assert seen == [[]]
