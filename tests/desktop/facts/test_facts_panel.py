"""The panel as a person uses it: keys, menus, clipboard, filter, drops."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, QSettings, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from workbench.desktop.facts import FactsPanel, State, prepared
from workbench.desktop.facts.actions import SPECS
from workbench.desktop.facts.fact_form import FactForm
from workbench.desktop.facts.importing.wizard import ImportWizard
from workbench.desktop.facts.menus import context_menu
from workbench.desktop.facts.store.columns import OLD, PROMPT, TARGET
from workbench.facts import Fact

Prompts = Callable[[FactsPanel], list[str]]
Key = Qt.Key


def editor(panel: FactsPanel) -> QLineEdit:
    found = [line for line in panel.page.table.viewport().findChildren(QLineEdit) if line.isVisible()]
    assert len(found) == 1
    return found[0]


def type_into(panel: FactsPanel, text: str, end: Key = Key.Key_Return) -> None:
    line = editor(panel)
    line.selectAll()
    QTest.keyClicks(line, text)
    QTest.keyClick(line, end)
    QApplication.processEvents()


def label(panel: FactsPanel, name: str) -> str:
    found = panel.findChild(QLabel, name)
    assert isinstance(found, QLabel)
    return found.text()


def test_an_empty_panel_invites_and_typing_three_facts_needs_only_the_keyboard(
    panel: FactsPanel,
) -> None:
    invitation = panel.findChild(QPushButton, "facts-type")
    assert isinstance(invitation, QPushButton)
    assert invitation.isVisible()
    QTest.keyClick(invitation, Key.Key_Space)
    for i in range(3):
        type_into(panel, f"Prompt {i}", Key.Key_Return if i else Key.Key_Tab)
        type_into(panel, f"target {i}", Key.Key_Return)
    assert list(panel.facts) == [Fact(f"Prompt {i}", f"target {i}") for i in range(3)]
    assert panel.tabs.tabText(0) == "Facts 3"
    QTest.keyClick(editor(panel), Key.Key_Escape)
    for _ in range(3):
        panel.action("undo").trigger()
    assert len(panel.facts) == 0
    assert invitation.isVisible()


def test_a_cell_is_edited_in_place_and_undone(filled: FactsPanel) -> None:
    table = filled.page.table
    table.setCurrentIndex(filled.page.model.index(1, TARGET))
    QTest.keyClick(table, Key.Key_F2)
    type_into(filled, "Valencia")
    assert filled.facts[1].target == "Valencia"
    filled.action("undo").trigger()
    assert filled.facts[1].target == "Seville"


def test_a_refused_text_is_explained_in_the_panel(filled: FactsPanel) -> None:
    table = filled.page.table
    table.setCurrentIndex(filled.page.model.index(0, PROMPT))
    QTest.keyClick(table, Key.Key_Return)
    type_into(filled, " ")
    assert filled.page.notice.isVisible()
    assert "prompt is empty" in filled.page.notice.label.text()
    assert filled.facts[0].prompt == "The capital of France is"


def test_filtering_counts_and_says_where_nothing_matches(
    qtbot: QtBot, filled: FactsPanel, prompts: Prompts
) -> None:
    field = filled.page.filter_bar.field
    QTest.keyClicks(field, "capital sp")
    qtbot.waitUntil(lambda: prompts(filled) == ["The capital of Spain is"])
    assert label(filled, "facts-count") == "1 of 5"
    QTest.keyClicks(field, "x")
    qtbot.waitUntil(lambda: prompts(filled) == [])
    clear = filled.findChild(QPushButton, "facts-clear-filter")
    assert isinstance(clear, QPushButton)
    clear.click()
    assert len(prompts(filled)) == 5
    assert label(filled, "facts-count") == "5 facts"


def test_states_filter_by_the_menu_and_follow_a_live_run(
    qtbot: QtBot, filled: FactsPanel, prompts: Prompts
) -> None:
    filled.set_states(np.array([0, 1]), State.SAID, 1)
    bar = filled.page.filter_bar
    bar._menu.aboutToShow.emit()
    said = next(action for action in bar._menu.actions() if action.text().startswith("Says it"))
    assert "2" in said.text()
    said.trigger()
    assert len(prompts(filled)) == 2
    filled.set_states(np.array([2, 3, 4]), State.SAID, 2)
    qtbot.waitUntil(lambda: len(prompts(filled)) == 5)


def test_typing_a_fact_clears_a_filter_that_would_hide_it(qtbot: QtBot, filled: FactsPanel) -> None:
    filled.page.filter_bar.field.setText("spain")
    qtbot.waitUntil(lambda: len(filled.page.model.shown) == 1)
    filled.action("add").trigger()
    assert filled.page.filter_bar.field.text() == ""
    assert len(filled.page.model.shown) == 5


def test_sorting_by_the_header_keeps_the_selection(filled: FactsPanel, prompts: Prompts) -> None:
    filled.page.table.choose(np.array([1, 4]))
    filled.page.table.sortByColumn(PROMPT, Qt.SortOrder.DescendingOrder)
    assert prompts(filled)[0] == "The capital of Spain is"
    assert filled.page.table.chosen().tolist() == [1, 4]


def test_copy_paste_delete_duplicate_are_one_step_each(filled: FactsPanel) -> None:
    before = list(filled.facts)
    filled.page.table.choose(np.array([0, 2]))
    filled.action("copy").trigger()
    filled.action("paste").trigger()
    assert list(filled.facts)[5:] == [before[0], before[2]]
    assert filled.page.table.chosen().tolist() == [5, 6]
    filled.action("delete").trigger()
    assert list(filled.facts) == before
    filled.page.table.selectAll()
    filled.action("duplicate").trigger()
    assert list(filled.facts) == before + before
    for _ in range(3):
        filled.action("undo").trigger()
    assert list(filled.facts) == before


def test_a_pasted_column_goes_down_from_the_cell(filled: FactsPanel) -> None:
    filled.page.table.setCurrentIndex(filled.page.model.index(3, OLD))
    QGuiApplication.clipboard().setText("Oslo\nLima\nnobody\n")
    filled.action("paste").trigger()
    assert [fact.old for fact in filled.facts] == ["", "", "", "Oslo", "Lima"]
    assert "1 of 3 cells" in filled.page.notice.label.text()
    filled.action("undo").trigger()
    assert not any(fact.old for fact in filled.facts)


def test_pasting_an_empty_text_over_targets_is_refused_whole(filled: FactsPanel) -> None:
    before = list(filled.facts)
    filled.page.table.setCurrentIndex(filled.page.model.index(0, TARGET))
    filled._handlers._paste_down(("Nice", "  "))
    assert list(filled.facts) == before
    assert "Nothing was pasted" in filled.page.notice.label.text()


def test_facts_move_to_warm_up_and_back_in_one_step(filled: FactsPanel) -> None:
    before = list(filled.facts)
    filled.page.table.choose(np.array([1, 3]))
    filled.action("move").trigger()
    assert [len(filled.facts), len(filled.warmup)] == [3, 2]
    assert filled.warmup.state(0) is State.WARM_UP
    filled.show_list(filled.warmup)
    assert filled.action("move").text() == "Move to facts"
    filled.action("undo").trigger()
    assert list(filled.facts) == before
    assert len(filled.warmup) == 0


def answer(text: str) -> None:
    """Types into the input dialog that is about to open, and accepts it."""

    def reply() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QInputDialog)
        dialog.setTextValue(text)
        dialog.accept()

    QTimer.singleShot(0, reply)


def test_tags_are_added_and_removed_for_all_selected(filled: FactsPanel) -> None:
    filled.page.table.choose(np.array([0, 1]))
    answer("checked, capital")
    filled.action("tag").trigger()
    assert [fact.tags for fact in filled.facts][:3] == [
        ("capital", "france", "checked"),
        ("capital", "spain", "checked"),
        ("capital", "italy"),
    ]
    answer("capital")
    filled.action("untag").trigger()
    assert filled.facts[1].tags == ("spain", "checked")
    filled.action("undo").trigger()
    filled.action("undo").trigger()
    assert filled.facts[1].tags == ("capital", "spain")


def test_the_form_edits_the_fact_under_the_cursor(filled: FactsPanel) -> None:
    filled.page.table.choose(np.array([2]))

    def fill() -> None:
        form = QApplication.activeModalWidget()
        assert isinstance(form, FactForm)
        form.target.setText("Turin")
        form.save.click()

    QTimer.singleShot(0, fill)
    filled.action("edit").trigger()
    assert filled.facts[2].target == "Turin"


def test_probing_tells_which_fact(qtbot: QtBot, filled: FactsPanel) -> None:
    filled.page.table.choose(np.array([3]))
    with qtbot.waitSignal(filled.probe_requested) as asked:
        filled.action("probe").trigger()
    assert asked.args == [filled.facts[3]]


def test_every_action_that_is_off_says_why(panel: FactsPanel) -> None:
    off = [spec.name for spec in SPECS if not panel.action(spec.name).isEnabled()]
    assert {"copy", "delete", "export-all", "undo"} <= set(off)
    for name in off:
        assert panel.action(name).toolTip() not in ("", panel.action(name).text())
    assert panel.action("delete").toolTip() == "Select facts in the table first."


def test_a_lock_stops_changes_and_gives_its_reason_everywhere(filled: FactsPanel) -> None:
    filled.page.table.choose(np.array([0]))
    filled.lock("The run edits these facts: stop it first.")
    for name in ("delete", "paste", "undo", "import", "move", "edit", "add"):
        assert not filled.action(name).isEnabled()
        assert filled.action(name).toolTip() == "The run edits these facts: stop it first."
    assert filled.action("copy").isEnabled()
    assert filled.action("probe").isEnabled()
    filled.set_states(np.array([0]), State.EDITING)
    assert filled.facts.state(0) is State.EDITING
    filled.unlock()
    assert filled.action("delete").isEnabled()


def test_the_menus_hold_each_action_once_by_its_words(filled: FactsPanel) -> None:
    menu = context_menu(filled.actions_by_name, filled)
    texts = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert len(texts) == len(set(texts))
    assert {"Edit in full…", "Move to warm-up", "Probe this fact", "Delete"} <= set(texts)


def test_hidden_columns_come_back_from_the_menu_and_with_the_next_window(
    qtbot: QtBot, panel: FactsPanel, settings: QSettings
) -> None:
    table = panel.page.table
    menu = table.columns_menu()
    old = next(action for action in menu.actions() if action.text() == "Old answer")
    assert not old.isChecked()
    old.trigger()
    assert not table.isColumnHidden(OLD)
    panel.save_columns()
    again = FactsPanel(settings)
    qtbot.addWidget(again)
    assert not again.page.table.isColumnHidden(OLD)
    assert not again.page.table.isColumnHidden(PROMPT)


def drop(panel: FactsPanel, *urls: QUrl) -> bool:
    """Whether the panel takes the drag; if so it is dropped."""
    data = QMimeData()
    data.setUrls(list(urls))
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(panel.rect().center(), copy, data, left, none)
    enter.setAccepted(False)
    panel.dragEnterEvent(enter)
    if enter.isAccepted():
        panel.dropEvent(QDropEvent(QPointF(panel.rect().center()), copy, data, left, none))
    return enter.isAccepted()


def test_a_dropped_file_opens_the_wizard_and_cancel_imports_nothing(
    qtbot: QtBot, panel: FactsPanel, tmp_path: Path
) -> None:
    path = tmp_path / "facts.csv"
    path.write_text("prompt,target\nP,T\n")
    seen: list[str] = []

    def cancel() -> None:
        wizard = QApplication.activeModalWidget()
        assert isinstance(wizard, ImportWizard)
        seen.append(wizard.file_page.file.text())
        wizard.reject()

    assert drop(panel, QUrl.fromLocalFile(str(path)))
    QTimer.singleShot(0, cancel)
    qtbot.waitUntil(lambda: seen == [str(path)])
    assert len(panel.facts) == 0
    assert not drop(panel, QUrl("https://example.org/facts.csv"))
    panel.lock("A run is on.")
    assert not drop(panel, QUrl.fromLocalFile(str(path)))


@pytest.mark.parametrize("warm", [False, True])
def test_loading_a_session_replaces_both_lists_and_cannot_be_undone(filled: FactsPanel, warm: bool) -> None:
    new = prepared([Fact("A", "b")])
    filled.load(prepared([]) if warm else new, new if warm else prepared([]))
    assert [len(filled.facts), len(filled.warmup)] == ([0, 1] if warm else [1, 0])
    assert not filled.undo_stack.canUndo()


def test_selecting_all_and_deleting_many_scattered_facts_can_be_undone(panel: FactsPanel) -> None:
    made = [Fact(f"P {i}", f"t {i % 7}") for i in range(3_000)]
    panel.history.add(panel.facts, prepared(made))
    panel.page.filter_bar.field.setText('"t 3"')
    panel.page.filter_bar._tell()
    panel.page.table.selectAll()
    panel.action("delete").trigger()
    assert len(panel.facts) == 3_000 - len(range(3, 3_000, 7))
    panel.action("undo").trigger()
    assert list(panel.facts) == made


@pytest.mark.parametrize(
    ("key", "shift", "selected"),
    [
        (Key.Key_Home, False, [0]),
        (Key.Key_End, False, []),  # the row of a new fact
        (Key.Key_Up, False, [1]),
        (Key.Key_End, True, [2, 3, 4]),
        (Key.Key_Home, True, [0, 1, 2]),
    ],
)
def test_moving_with_ctrl_selects_where_it_goes(
    filled: FactsPanel, key: Key, shift: bool, selected: list[int]
) -> None:
    table, modifier = filled.page.table, Qt.KeyboardModifier
    table.choose(np.array([2]))
    held = modifier.ControlModifier | (modifier.ShiftModifier if shift else modifier.NoModifier)
    QTest.keyClick(table, key, held)
    assert table.chosen().tolist() == selected
    assert filled.action("delete").isEnabled() == bool(selected)


@pytest.mark.parametrize("action", ["delete", "cut"])
def test_what_is_selected_out_of_sight_is_shown_before_it_is_deleted(panel: FactsPanel, action: str) -> None:
    panel.history.add(panel.facts, prepared([Fact(f"P {i}", f"t {i}") for i in range(300)]))
    table = panel.page.table
    table.choose(np.array([7]))
    assert label(panel, "facts-count") == "300 facts · 1 selected"
    table.scrollToBottom()
    panel.action(action).trigger()
    assert len(panel.facts) == 300
    assert "out of sight" in panel.page.notice.label.text()
    assert table.viewport().rect().intersects(table.visualRect(panel.page.model.index(7, PROMPT)))
    panel.action(action).trigger()
    assert [panel.facts[7].prompt, len(panel.facts)] == ["P 8", 299]
