"""A model loaded again, or another one, beside a session that has runs: facts, plots, model and actions agree."""

from collections.abc import Callable

import pytest
import torch
from pytestqt.qtbot import QtBot

from tests.desktop.shell.test_main_window import states, warm_up_and_edit, weights
from tests.desktop.shell.walker import Walker
from tests.tiny import tiny_model
from workbench.desktop.facts import State
from workbench.desktop.main_window import MainWindow
from workbench.session.folder import Session


def load(walker: Walker, seed: int = 0) -> None:
    """As the load dialog does when it is done."""
    walker.window.handlers._model_loaded(tiny_model(seed=seed))
    walker.wait_for_end()


def test_loading_the_model_again_brings_it_to_where_the_session_stands(walker: Walker) -> None:
    window = walker.window
    warm_up_and_edit(walker)
    edited, shown, recipe = weights(window), states(window), window.method.recipe()
    load(walker)
    assert torch.equal(weights(window), edited)
    assert states(window) == shown
    assert len(window.desk.run.bridge.series) == 2
    assert window.method.recipe() == recipe
    assert window.actions_by_name["export"].isEnabled()
    assert window.actions_by_name["discard"].isEnabled()
    assert "already" in window.actions_by_name["edit"].toolTip()


def test_loading_after_a_discard_does_not_bring_the_run_back(walker: Walker) -> None:
    window = walker.window
    before = weights(window)
    warm_up_and_edit(walker)
    walker.answer("discard-question", "Discard run")
    walker.press("discard")
    walker.wait_for_end()
    load(walker)
    assert torch.equal(weights(window), before)
    assert set(states(window)) == {State.NEW}
    assert window.desk.bench.chain == [1]


def test_loading_after_a_rewind_in_an_opened_session_stays_at_that_step(
    walker: Walker, make_window: Callable[[], MainWindow]
) -> None:
    warm_up_and_edit(walker)
    folder = walker.window.desk.keeper.need().folder
    walker.window.close()
    second = Walker(make_window(), patience_s=60)
    second.window.handlers.open_session(folder)
    second.wait(lambda: second.window.desk.keeper.session is not None, "the session")
    load(second)
    second.window.ledger.select(2, 1)
    second.click("ledger-rewind")
    second.wait_for_end()
    rewound, shown = weights(second.window), states(second.window)
    load(second)
    assert torch.equal(weights(second.window), rewound)
    assert states(second.window) == shown
    assert second.window.desk.bench.cuts == {2: 1}


def test_another_model_is_unedited_and_so_are_the_facts_until_the_right_one_is_back(
    walker: Walker,
) -> None:
    window = walker.window
    warm_up_and_edit(walker)
    edited, shown = weights(window), states(window)
    load(walker, seed=5)
    assert set(states(window)) == {State.NEW}
    assert len(window.desk.run.bridge.series) == 0
    assert window.actions_by_name["edit"].isEnabled()
    assert not window.actions_by_name["export"].isEnabled()
    assert not window.actions_by_name["discard"].isEnabled()
    window.handlers.unload_model()
    walker.wait_for_end()
    assert states(window) == shown
    load(walker)
    assert torch.equal(weights(window), edited)
    assert states(window) == shown


def test_the_starter_door_leaves_a_session_with_runs_as_it_is_and_begins_another(
    walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = walker.window
    warm_up_and_edit(walker)
    before, steps = window.desk.keeper.need().folder, window.desk.keeper.need().run().steps_done
    asked: list[str] = []
    monkeypatch.setattr(window.handlers, "load_source", asked.append)
    window.show_welcome()
    assert "is saved" in window.welcome.doors["starter"].accessibleDescription()
    window.welcome.doors["starter"].click()
    walker.wait(lambda: len(window.facts.facts) > 100, "the starter's facts")
    assert asked == ["starter"]
    assert set(states(window)) == {State.NEW}
    with Session.open(before) as kept:
        assert kept.run().steps_done == steps


def test_a_state_that_cannot_be_brought_back_leaves_unedited_facts(
    walker: Walker, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    from workbench.errors import SessionError

    window = walker.window
    warm_up_and_edit(walker)

    def fail(*_given: object) -> None:
        raise SessionError("A step of the run is damaged.")

    monkeypatch.setattr(type(window.desk.keeper.need()), "rebuild", fail)
    load(walker)
    assert any("is damaged" in s for s in window.notices.sentences())
    assert set(states(window)) == {State.NEW}
    qtbot.waitUntil(lambda: window.actions_by_name["edit"].isEnabled())
    assert not window.actions_by_name["export"].isEnabled()


def test_a_session_that_was_only_looked_at_stands_where_it_stood(
    walker: Walker, make_window: Callable[[], MainWindow]
) -> None:
    warm_up_and_edit(walker)
    folder, shown = walker.window.desk.keeper.need().folder, states(walker.window)
    walker.window.close()
    for _ in range(2):
        other = Walker(make_window(), patience_s=60)
        other.window.handlers.open_session(folder)
        other.wait(lambda window=other.window: window.desk.keeper.session is not None, "the session")  # type: ignore[misc]
        assert states(other.window) == shown
        other.window.close()
