"""Facts that are too long for the model: nothing begins, all are named, and the window offers to leave them out."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from tests.desktop.finding import find
from tests.desktop.shell.test_main_window import states
from tests.desktop.shell.walker import Walker
from tests.tiny import WINDOW
from workbench.desktop.facts import State, prepared
from workbench.facts.fact import Fact

LONG = "long " * WINDOW


@pytest.mark.parametrize("warming_up", [False, True])
def test_facts_too_long_are_named_and_left_out_on_request(walker: Walker, warming_up: bool) -> None:
    window = walker.window
    held = window.facts.warmup if warming_up else window.facts.facts
    window.method.set_recipe(window.method.recipe().with_(warmup_facts=20))
    window.facts.history.add(held, prepared([Fact("a", LONG), Fact("b", "c"), Fact(LONG + "d", "e")]))
    QApplication.processEvents()
    walker.press("warm-up" if warming_up else "edit")
    walker.wait_for_end()
    [frame] = [f for f in window.notices.frames if f.notice.level == "bad"]
    noun = "warm-up fact" if warming_up else "fact"
    assert frame.notice.sentence == f"2 of 7 {noun}s cannot be used with this model. Nothing was changed."
    assert f"{noun} 5: " in frame.notice.details
    assert f"{noun} 7: " in frame.notice.details
    session = window.desk.keeper.session
    assert session is None or not session.runs()
    QTest.mouseClick(find(frame, QPushButton, "notice-offer"), Qt.MouseButton.LeftButton)
    walker.wait(lambda: window.desk.bench.chain, "the run without them")
    walker.wait_for_end()
    assert not [f for f in window.notices.frames if f.notice.level == "bad"]
    session = window.desk.keeper.session
    assert session is not None
    job = session.job(session.run().id)
    assert len(job.warmup if warming_up else job.facts) == 5
    if not warming_up:
        assert [i for i, state in enumerate(states(window)) if state is State.NEW] == [4, 6]


def test_where_no_fact_would_be_left_nothing_is_offered(walker: Walker) -> None:
    window = walker.window
    walker.press("edit")
    walker.wait_for_end()
    window.facts.history.add(window.facts.facts, prepared([Fact(LONG, "b")]))
    QApplication.processEvents()
    walker.press("edit")
    walker.wait_for_end()
    [frame] = [f for f in window.notices.frames if f.notice.level == "bad"]
    assert "takes" in frame.notice.sentence
    assert frame.findChild(QPushButton, "notice-offer") is None
    assert State.NEW in states(window)
