"""Facts that were lost: shown at one key, and marked to be edited again."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from workbench.desktop.facts import FactsPanel, State
from workbench.desktop.facts.store.fact_list import AGAIN

RAN = (State.SAID, State.LOST, State.MISSED, State.SKIPPED, State.NEW)
STEPS = (1, 1, 2, -1, -1)


def run_over(panel: FactsPanel) -> None:
    panel.set_states(np.arange(5), np.array(RAN, np.uint8), np.array(STEPS, np.int32))


def states(panel: FactsPanel) -> list[State]:
    return [panel.facts.state(i) for i in range(len(panel.facts))]


def chosen(panel: FactsPanel) -> list[int]:
    return [int(i) for i in panel.facts_page.table.chosen()]


def test_lost_facts_are_shown_and_selected(filled: FactsPanel) -> None:
    action = filled.action("lost")
    assert not action.isEnabled()
    assert "lost" in action.toolTip()
    run_over(filled)
    assert action.isEnabled()
    action.trigger()
    assert filled.facts_page.model.shown.tolist() == chosen(filled) == [1, 2]
    filled.set_states(np.array([1, 2]), State.SAID)
    assert not action.isEnabled()


def test_facts_to_edit_again_count_as_new_until_it_is_undone(filled: FactsPanel) -> None:
    run_over(filled)
    filled.action("lost").trigger()
    filled.action("again").trigger()
    assert states(filled) == [State.SAID, State.NEW, State.NEW, State.SKIPPED, State.NEW]
    assert filled.facts.steps.tolist() == [1, AGAIN, AGAIN, -1, -1]
    assert "next run edits 2 facts again" in filled.facts_page.notice.label.text()
    filled.undo_stack.undo()
    assert states(filled) == list(RAN)
    assert filled.facts.steps.tolist() == list(STEPS)
    filled.undo_stack.redo()
    assert filled.facts.steps.tolist() == [1, AGAIN, AGAIN, -1, -1]


def test_undo_leaves_alone_what_a_run_has_done_since(filled: FactsPanel) -> None:
    run_over(filled)
    filled.facts_page.reveal(np.array([1, 2]))
    filled.action("again").trigger()
    filled.set_states(np.array([1]), State.SAID, 1)
    filled.undo_stack.undo()
    assert states(filled)[:3] == [State.SAID, State.SAID, State.MISSED]


def test_only_facts_that_were_edited_can_be_edited_again(filled: FactsPanel) -> None:
    run_over(filled)
    filled.facts_page.reveal(np.array([4]))
    assert not filled.action("again").isEnabled()
    assert filled.action("again").toolTip() == "Select facts that a run has edited."
    filled.facts_page.reveal(np.array([0, 4]))
    assert filled.action("again").isEnabled()
    filled.lock("Not while editing.")
    assert filled.action("again").toolTip() == "Not while editing."


def test_facts_are_revealed_from_elsewhere(filled: FactsPanel, qtbot: QtBot) -> None:
    filled.show_list(filled.warmup)
    filled.facts_page.filter_bar.field.setText("Norway")
    with qtbot.waitSignal(filled.chosen_changed):
        filled.reveal(np.array([2, 0]))
    assert filled.page is filled.facts_page
    assert chosen(filled) == [0, 2]


def test_both_have_keys(filled: FactsPanel) -> None:
    run_over(filled)
    filled.facts_page.table.setFocus()
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(filled.facts_page.table, Qt.Key.Key_F, both)
    assert chosen(filled) == [1, 2]
    QTest.keyClick(filled.facts_page.table, Qt.Key.Key_E, both)
    assert filled.facts.steps.tolist() == [1, AGAIN, AGAIN, -1, -1]
