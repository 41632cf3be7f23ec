"""What the first run would wait for is read while nothing else runs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from tests.desktop.shell.walker import Walker
from workbench.desktop import ahead as desktop_ahead
from workbench.desktop.main_window import MainWindow
from workbench.editing import ahead, solving, tracing
from workbench.storage.places import cache_folder


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(desktop_ahead, "REST_MS", 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def begin(window: MainWindow) -> None:
    window.desk.ahead.enabled = True
    window.desk.changed.emit()


def rows() -> list[Path]:
    return list((cache_folder() / "rows").glob("*.safetensors"))


@contextmanager
def held_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], bool]]:
    """Reading ahead waits in its first batch of warm-up facts, until it is asked to stop or the block ends."""
    reached, go = Event(), Event()

    def slowly(*given: object, **named: object) -> object:
        reached.set()
        while not (go.is_set() or named["control"].is_set()):  # type: ignore[attr-defined]
            go.wait(0.01)
        return tracing.trace(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(ahead, "trace", slowly)
    try:
        yield reached.is_set
    finally:
        go.set()


def test_the_warm_up_reads_no_fact_again(
    loaded: MainWindow, walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    loaded.desk.ahead.said.connect(lambda _words: said.append(loaded.status.labels["count"].text()))
    begin(loaded)
    walker.wait(lambda: len(rows()) > 0 and not loaded.desk.ahead.busy, "reading ahead")
    assert "preparing the warm-up: 4 of 4" in said
    assert said[-1] == ""

    def never(*_given: object, **_named: object) -> object:
        raise AssertionError("read again")

    monkeypatch.setattr(solving, "trace", never)
    walker.press("warm-up")
    walker.wait_for_end()
    assert loaded.desk.situation().warmed


def test_reading_ahead_makes_way_for_a_run(
    loaded: MainWindow, walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_in(monkeypatch) as reached:
        begin(loaded)
        walker.wait(reached, "the first batch")
        walker.press("warm-up")
        walker.wait_for_end()
        assert loaded.desk.situation().warmed
        assert loaded.status.labels["count"].text() == ""


def test_a_window_closes_while_it_reads_ahead(
    loaded: MainWindow, walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_in(monkeypatch) as reached:
        begin(loaded)
        walker.wait(reached, "the first batch")
        loaded.close()
        assert not loaded.isVisible()


def test_nothing_is_read_where_the_person_does_not_want_it(loaded: MainWindow, walker: Walker) -> None:
    loaded.desk.changed.emit()
    walker.press("warm-up")
    walker.wait_for_end()
    assert not loaded.desk.ahead.busy
    assert loaded.desk.ahead.words == ""
