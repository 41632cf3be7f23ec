"""A ledger that is still being read when a run begins lacks nothing of that run afterwards."""

from threading import Event

import pytest

from tests.desktop.ledger import test_ledger_dock as dock
from tests.desktop.shell.walker import Walker
from workbench.desktop.ledger.columns import STATE
from workbench.session import ledger
from workbench.session.folder import Session

theme, make_window, window, loaded, walker = (
    dock.theme,
    dock.make_window,
    dock.window,
    dock.loaded,
    dock.walker,
)


def test_steps_told_meanwhile_stay_in_the_ledger(walker: Walker, monkeypatch: pytest.MonkeyPatch) -> None:
    was_read, may_end, read = Event(), Event(), ledger.ledger

    def read_slowly(session: Session) -> list[ledger.LedgerRun]:
        found = read(session)
        was_read.set()
        assert may_end.wait(60)
        return found

    monkeypatch.setattr(ledger, "ledger", read_slowly)
    window = walker.window
    window.desk.keeper.need()
    assert was_read.wait(60)
    walker.press("edit")
    walker.wait_for_end()
    may_end.set()
    book = window.ledger.book
    walker.wait(lambda: not book._reading.busy, "the ledger to be read")
    assert dock.texts(book.model, 1, STATE) == ["", "model is here"]
    assert book.model.runs[0].record.steps_done == 2
