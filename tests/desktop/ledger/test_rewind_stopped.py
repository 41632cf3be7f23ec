"""The way back to an earlier step in the real window: how far it is, and how it is left."""

from pathlib import Path
from threading import Event

import pytest
import torch

from tests.desktop.ledger import test_ledger_dock as dock
from tests.desktop.ledger.test_ledger_dock import states, weights
from tests.desktop.shell.walker import Walker
from workbench.editing.editor import Editor
from workbench.session import rebuild
from workbench.session.lineage import CUTS
from workbench.session.records import StepRecord

theme, make_window, window, loaded, walker, edited = (
    dock.theme,
    dock.make_window,
    dock.window,
    dock.loaded,
    dock.walker,
    dock.edited,
)


def test_a_rewind_shows_how_far_it_is_and_can_be_stopped(
    edited: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, asked = edited.window, Event()
    window.desk.keeper.flush()
    before = weights(window), states(window), window.desk.keeper.need().setting(CUTS)
    repeat = rebuild._repeat

    def repeat_slowly(folder: Path, editor: Editor, step: StepRecord, threads: int) -> None:
        repeat(folder, editor, step, threads)
        if step.position.step == 2:
            assert asked.wait(60)

    monkeypatch.setattr(rebuild, "_repeat", repeat_slowly)
    window.ledger.select(2, 3)
    edited.click("ledger-rewind")
    edited.wait(lambda: window.desk.run.way_back.share(), "the first step of the way")
    assert window.desk.run.way_back.share() == pytest.approx(1 / 3)
    assert window.status.labels["activity"].text() == "Bringing the model back"
    assert window.status.bar.isVisible()
    assert window.status.bar.value() == round(window.status.bar.maximum() / 3)
    stop = window.actions_by_name["stop"]
    assert (stop.text(), stop.isEnabled()) == ("Stop", True)
    stop.trigger()
    edited.wait(lambda: not stop.isEnabled(), "the stop to be asked for")
    assert stop.text() == "Stopping…"
    asked.set()
    edited.wait_for_end()
    after = weights(window), states(window), window.desk.keeper.need().setting(CUTS)
    assert torch.equal(after[0], before[0])
    assert after[1:] == before[1:]
    assert "Stopped; the model is as it was." in window.notices.sentences()
    assert not window.status.bar.isVisible()
    assert window.actions_by_name["rewind"].isEnabled()
