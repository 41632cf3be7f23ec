"""Preferences hold at once, are kept, and refuse what is out of range with a sentence."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox
from pytestqt.qtbot import QtBot

from tests.desktop.finding import find
from workbench.desktop.shell.preferences import PreferencesDialog, engine_of, keeping_of
from workbench.desktop.shell.settings import person_settings


def shown(qtbot: QtBot) -> PreferencesDialog:
    dialog = PreferencesDialog(person_settings())
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def type_into(dialog: PreferencesDialog, name: str, text: str) -> None:
    editor = find(dialog, QAbstractSpinBox, name).lineEdit()
    editor.setFocus()
    editor.selectAll()
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)


def test_a_number_of_threads_is_kept_for_the_next_start(qtbot: QtBot) -> None:
    dialog = shown(qtbot)
    assert find(dialog, QAbstractSpinBox, "method-threads").text() == "automatic"
    type_into(dialog, "method-threads", "3")
    dialog._settings.sync()
    assert engine_of(person_settings()).threads == 3
    type_into(dialog, "method-threads", "0")
    assert find(dialog, QAbstractSpinBox, "method-threads").text() == "automatic"
    dialog._settings.sync()
    assert engine_of(person_settings()).threads == 0


def test_what_is_out_of_range_is_told_and_not_kept(qtbot: QtBot) -> None:
    dialog = shown(qtbot)
    before = keeping_of(person_settings())
    for text in ("-1", "plenty"):
        type_into(dialog, "method-checkpoint_every", text)
        row = dialog.rows["checkpoint_every"]
        assert "Checkpoint every" in row.error.text()
        dialog._settings.sync()
        assert keeping_of(person_settings()) == before
