"""The window with a tiny model: runs and their commands, sessions."""

import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from tests.desktop.shell.conftest import fill
from tests.desktop.shell.walker import Walker
from tests.tiny import tiny_model
from workbench.desktop.facts import State
from workbench.desktop.main_window import MainWindow
from workbench.desktop.probe.prober import Side
from workbench.desktop.shell.recent import left_open, recent_sessions
from workbench.editing.editor import Editor
from workbench.errors import NonFinite, OutOfMemory
from workbench.session.folder import Session


def weights(window: MainWindow) -> torch.Tensor:
    assert window.desk.loaded is not None
    module = window.desk.loaded.model.get_submodule("model.layers.1.mlp.down_proj")
    return module.weight.detach().clone()  # type: ignore[operator]


def states(window: MainWindow) -> list[State]:
    return [window.facts.facts.state(i) for i in range(len(window.facts.facts))]


def warm_up_and_edit(walker: Walker) -> None:
    walker.press("warm-up")
    walker.wait_for_end()
    walker.press("edit")
    walker.wait_for_end()


def test_warm_up_and_edit_show_progress_scores_and_states(walker: Walker) -> None:
    window = walker.window
    walker.press("warm-up")
    walker.wait_for_end()
    assert re.match(r"Warmed up · \d+ rows", window.tool_bar.buttons["warm-up"].text())
    walker.press("edit")
    walker.wait_for_end()
    assert window.desk.run.bridge.progress.count() == "4 of 4 facts"
    assert set(states(window)) <= {State.SAID, State.FORCED, State.LOST, State.MISSED}
    assert window.facts.facts.steps.tolist() == [1, 1, 2, 2]
    assert window.run_panel.scores_title.text() == "Scores after step 2, 4 facts"
    assert "was" in window.run_panel.figures["es"].was.text()
    assert len(window.desk.run.bridge.series) == 2
    assert window.tool_bar.buttons["export"].isEnabled()
    assert not window.tool_bar.buttons["edit"].isEnabled()
    assert "already" in window.tool_bar.buttons["edit"].toolTip()


def test_without_warm_up_facts_those_that_come_along_prepare_the_statistics(loaded: MainWindow) -> None:
    walker, held = Walker(loaded, patience_s=60), loaded.facts.warmup
    loaded.facts.history.remove(held, np.arange(len(held)))
    before = weights(loaded)
    walker.press("warm-up")
    assert not loaded.tool_bar.buttons["edit"].isEnabled(), "the warm-up that was asked for comes first"
    walker.wait(lambda: len(held), "the facts that come along")
    walker.wait_for_end()
    assert len(held) > 1_000
    assert loaded.desk.bench.warmup_rows > 0
    assert any("come with the workbench" in sentence for sentence in loaded.notices.sentences())
    assert torch.equal(weights(loaded), before)
    loaded.method.set_recipe(loaded.method.recipe().with_(warmup_mode="edits"))
    loaded.facts.history.remove(held, np.arange(len(held)))
    assert not loaded.tool_bar.buttons["warm-up"].isEnabled()


def test_statistics_of_edits_alone_are_not_called_a_warm_up(walker: Walker) -> None:
    window = walker.window
    walker.press("edit")
    walker.wait_for_end()
    assert window.desk.bench.rows > 0
    assert window.tool_bar.buttons["warm-up"].text() == "Warm up"


@pytest.mark.parametrize("scope", ["module", "shape"])
def test_the_rows_of_a_warm_up_stay_the_same_after_edits(walker: Walker, scope: str) -> None:
    window = walker.window
    window.method.set_recipe(window.method.recipe().with_(scope=scope))
    walker.press("warm-up")
    walker.wait_for_end()
    button = window.tool_bar.buttons["warm-up"]
    said, rows = button.text(), window.desk.bench.rows
    assert said == f"Warmed up · {rows} rows"
    walker.press("edit")
    walker.wait_for_end()
    assert window.desk.bench.rows > rows
    assert button.text() == said
    window.handlers._model_loaded(tiny_model())
    walker.wait_for_end()
    assert button.text() == said


def test_a_probe_is_asked_again_after_a_run_and_after_a_discard(walker: Walker) -> None:
    panel = walker.window.probe
    pane = panel.panes[Side.EDITED]
    assert len(set(walker.probe("fact 1 is"))) == 1
    assert pane.title.text() == "Edited · before any step"
    unedited = pane.text.toPlainText()
    for press, name in (("edit", "Edited · run 1, step 2"), ("discard", "Edited · before any step")):
        if press == "discard":
            walker.answer("discard-question", "Discard run")
        walker.press(press)
        walker.wait_for_end()
        walker.wait(lambda name=name: pane.title.text() == name, name)  # type: ignore[misc]
        walker.wait(lambda: not panel.stop_button.isVisible(), "the answers")
        assert (pane.text.toPlainText() == unedited) == (press == "discard")


def test_pause_resume_stop_and_go_on(walker: Walker) -> None:
    window = walker.window
    fill(window, facts=40, warmup=0)
    walker.press("edit")
    walker.wait_for_steps(4)  # one hardly shows
    walker.press("pause")
    walker.wait(lambda: window.desk.run.bridge.progress.paused, "the pause")
    assert window.tool_bar.buttons["pause"].text() == "Resume"
    original, edited = walker.probe("fact 1 is")
    assert original != edited
    walker.press("pause")
    walker.press("stop")
    assert window.tool_bar.buttons["stop"].text() == "Stopping…"
    walker.wait_for_end()
    done = walker.steps()
    assert 1 <= done < 22
    assert window.tool_bar.buttons["edit"].text() == "Go on editing"
    assert State.EDITING not in states(window)
    walker.press("edit")
    walker.wait_for_end()
    assert walker.steps() == 22
    assert len(window.desk.run.bridge.series) == 22


def test_discard_brings_the_model_and_the_facts_back(walker: Walker) -> None:
    window = walker.window
    before = weights(window)
    warm_up_and_edit(walker)
    assert not torch.equal(weights(window), before)
    walker.answer("discard-question", "Discard run")
    walker.press("discard")
    walker.wait_for_end()
    assert torch.equal(weights(window), before)
    assert set(states(window)) == {State.NEW}
    assert window.desk.bench.rows > 0
    walker.answer("discard-question", "Discard run")
    walker.press("discard")
    walker.wait_for_end()
    assert window.desk.bench.rows == 0
    assert window.tool_bar.buttons["warm-up"].text() == "Warm up"


def test_discarding_a_run_that_goes_on_stops_it_first(walker: Walker) -> None:
    window = walker.window
    fill(window, facts=60, warmup=0)
    before = weights(window)
    walker.press("edit")
    walker.wait_for_steps(1)
    walker.answer("discard-question", "Discard run")
    walker.press("discard")
    walker.wait_for_end()
    assert torch.equal(weights(window), before)
    assert set(states(window)) == {State.NEW, State.DUPLICATE}  # four facts are there twice


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OutOfMemory("The device's memory ran out."), "memory ran out"),
        (NonFinite("The shift of m is not finite."), "not finite"),
        (ZeroDivisionError("a bug"), "failed unexpectedly (ZeroDivisionError: a bug)"),
    ],
)
def test_a_failing_step_is_told_with_details_and_the_window_goes_on(
    walker: Walker, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    window = walker.window
    failures = [error]
    real = Editor.apply

    def fail(self: Editor, *given: object) -> None:
        if failures:
            raise failures.pop()
        real(self, *given)  # type: ignore[arg-type]

    before = weights(window)
    monkeypatch.setattr(Editor, "apply", fail)
    walker.press("edit")
    walker.wait_for_end()
    [frame] = window.notices.frames
    assert said in frame.notice.sentence
    assert type(error).__name__ in frame.notice.details
    frame.findChild(QPushButton, "notice-copy").click()  # type: ignore[union-attr]
    assert "Traceback" in QApplication.clipboard().text()
    assert torch.equal(weights(window), before)
    walker.press("edit")
    walker.wait_for_end()
    assert set(states(window)) <= {State.SAID, State.FORCED, State.LOST, State.MISSED}


def test_a_run_that_begins_and_fails_between_two_ticks_is_told(
    walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: object) -> None:
        raise OutOfMemory("The device's memory ran out.")

    monkeypatch.setattr(Editor, "apply", fail)
    run = walker.window.desk.run
    walker.press("edit")
    run.bridge.close()
    run.runner.join()
    run.bridge.watch()
    walker.wait_for_end()
    [sentence] = walker.window.notices.sentences()
    assert "memory ran out" in sentence


def test_settings_that_make_the_state_useless_ask_before_starting_over(walker: Walker) -> None:
    window = walker.window
    warm_up_and_edit(walker)
    window.method.set_recipe(window.method.recipe().with_(scope="shape"))
    fill(window, facts=2, warmup=0)
    QApplication.processEvents()
    walker.answer("afresh-question", "Cancel")
    walker.press("edit")
    assert not window.desk.run.activity
    walker.answer("afresh-question", "Start over")
    walker.press("edit")
    walker.wait_for_end()
    assert len(window.desk.bench.chain) == 1
    assert (window.facts.facts.steps > 0).all()


def test_a_session_brings_facts_states_curves_settings_and_the_model_back(
    walker: Walker, make_window: Callable[[], MainWindow]
) -> None:
    first = walker.window
    warm_up_and_edit(walker)
    edited, before = weights(first), states(first)
    session = first.desk.keeper.need().folder
    first.close()
    second = make_window()
    assert recent_sessions(second.settings) == [session]
    second.handlers.open_session(session)
    again = Walker(second, patience_s=60)
    again.wait(lambda: second.desk.keeper.session is not None, "the session")
    assert states(second) == before
    assert len(second.desk.run.bridge.series) == 2
    assert second.run_panel.scores_title.text() == "Scores after step 2, 4 facts"
    assert second.method.recipe().batch == 2
    assert any("Load it" in s for s in second.notices.sentences())
    second.desk.set_model(tiny_model())
    again.wait_for_end()
    assert torch.equal(weights(second), edited)
    assert second.tool_bar.buttons["export"].isEnabled()


def test_a_second_window_on_a_session_reads_only_and_says_so(
    walker: Walker, make_window: Callable[[], MainWindow]
) -> None:
    session = walker.window.desk.keeper.need().folder
    walker.window.desk.keeper.flush()
    second = make_window()
    second.handlers.open_session(session)
    Walker(second, patience_s=60).wait(lambda: second.desk.keeper.session is not None, "the session")
    assert second.desk.keeper.read_only
    assert "read-only" in second.windowTitle()
    assert any("read-only" in s for s in second.notices.sentences())
    assert not second.facts.action("add").isEnabled()
    assert "read-only" in second.facts.action("add").toolTip()


def test_a_session_left_open_by_a_crash_is_offered_and_its_run_goes_on(
    walker: Walker, make_window: Callable[[], MainWindow]
) -> None:
    first = walker.window
    fill(first, facts=40, warmup=0)
    walker.press("edit")
    walker.wait_for_steps(2)
    session = first.desk.keeper.need()
    first.desk.keeper.flush()
    copied = session.copy_to(session.folder.with_name("crashed.stableedit"))
    first.settings.setValue("sessions/open", [str(copied)])
    assert left_open(first.settings) == [copied]
    second = make_window()
    [frame] = [f for f in second.notices.frames if "ended while crashed was open" in f.notice.sentence]
    frame.findChild(QPushButton, "notice-offer").click()  # type: ignore[union-attr]
    again = Walker(second, patience_s=60)
    again.wait(lambda: second.desk.keeper.session is not None, "the session")
    assert any("was cut off" in s for s in second.notices.sentences())
    second.desk.set_model(tiny_model())
    again.wait_for_end()
    assert second.tool_bar.buttons["edit"].text() == "Go on editing"
    again.press("edit")
    again.wait_for_end()
    assert again.steps() == 22


def test_facts_are_saved_as_they_are_typed(window: MainWindow, qtbot: QtBot) -> None:
    fill(window, facts=3, warmup=1)
    with qtbot.waitSignal(window.desk.keeper.saved, timeout=20_000):
        pass
    session = window.desk.keeper.session
    assert session is not None
    assert [len(session.facts(kind)) for kind in ("edit", "warmup")] == [3, 1]
    window.facts.history.remove(window.facts.facts, np.array([1]))
    window.close()
    with Session.open(session.folder) as kept:
        assert [f.prompt for f in kept.facts("edit")] == ["fact 0 is", "fact 2 is"]


def test_closing_during_a_run_asks_and_can_be_thought_better_of(walker: Walker) -> None:
    window = walker.window
    fill(window, facts=60, warmup=0)
    walker.press("edit")
    walker.wait_for_steps(1)
    walker.answer("close-question", "Go on")
    window.close()
    assert window.isVisible()
    walker.answer("close-question", "Stop and quit")
    window.close()
    assert not window.isVisible()
    assert not window.desk.run.runner.busy
