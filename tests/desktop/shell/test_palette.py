"""Every command by its name."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from tests.desktop.finding import find
from workbench.desktop.main_window import MainWindow
from workbench.desktop.shell.menus import MENUS
from workbench.desktop.shell.palette import CommandPalette


def opened(window: MainWindow) -> CommandPalette:
    window.actions_by_name["palette"].trigger()
    return find(window, CommandPalette, "command-palette")


def test_every_action_of_the_menus_is_found_by_its_name(window: MainWindow) -> None:
    palette = opened(window)
    actions = window.actions_by_name.by_name | {
        f"facts:{name}": action for name, action in window.facts.actions_by_name.actions.items()
    }
    for name in (name for names in MENUS.values() for name in names if name and not name.startswith("@")):
        palette.field.setText(actions[name].text().replace("&", ""))
        assert actions[name] in palette.shown(), name


def test_typed_words_and_return_do_what_they_name(window: MainWindow, qtbot: QtBot) -> None:
    palette = opened(window)
    QTest.keyClicks(find(palette, QLineEdit, "palette-field"), "light appear pref")
    assert palette.shown() == []
    palette.field.clear()
    QTest.keyClicks(palette.field, "plot facts")
    with qtbot.waitSignal(window.plots.layout_changed):
        QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert window.plots.x_axis == "facts"
    qtbot.waitUntil(lambda: window.findChild(CommandPalette) is None)


def test_what_cannot_be_done_says_why_and_is_not_done(window: MainWindow) -> None:
    palette = opened(window)
    QTest.keyClicks(palette.field, "session export")
    [action] = [action for action in palette.shown() if action is window.actions_by_name["export"]]
    item = palette.list.currentItem()
    assert action.statusTip() == "Load a model first."
    assert "Load a model first." in item.data(Qt.ItemDataRole.AccessibleTextRole)
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()


def test_the_arrows_move_in_the_list_while_typing(window: MainWindow) -> None:
    palette = opened(window)
    palette.field.setFocus()
    first = palette.list.currentRow()
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.list.currentRow() == first + 1
    assert palette.field.text() == ""
