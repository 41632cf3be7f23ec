"""Keys that move in a list also select there, with Ctrl held too."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView
from pytestqt.qtbot import QtBot

from workbench.desktop.facts.lines_table import LinesTable
from workbench.desktop.moving import SelectingTable, SelectingTree

Ctrl = Qt.KeyboardModifier.ControlModifier


@pytest.mark.parametrize("kind", [SelectingTable, SelectingTree])
def test_ctrl_and_end_select_the_last_row(
    qtbot: QtBot, kind: type[SelectingTable] | type[SelectingTree]
) -> None:
    view, model = kind(), QStandardItemModel()
    qtbot.addWidget(view)
    for number in range(30):
        model.appendRow(QStandardItem(f"row {number}"))
    view.setModel(model)
    view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    view.show()
    view.setCurrentIndex(model.index(0, 0))
    QTest.keyClick(view, Qt.Key.Key_End, Ctrl)
    assert [index.row() for index in view.selectedIndexes()] == [29]
    QTest.keyClick(view, Qt.Key.Key_Space, Ctrl)
    assert view.selectedIndexes() == []  # Ctrl and space still take a row out


def test_delete_in_a_list_of_the_form_takes_the_row_that_the_keys_went_to(qtbot: QtBot) -> None:
    table = LinesTable("lines", ("Prompt",))
    qtbot.addWidget(table)
    table.set_rows([("one",), ("two",), ("three",)])
    table.show()
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setCurrentCell(1, 0)
    QTest.keyClick(table, Qt.Key.Key_Home, Ctrl)
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert [row[0] for row in table.rows()] == ["two", "three"]
