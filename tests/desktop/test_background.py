"""Work in a thread: what it tells arrives in the window's thread, once, and nothing outlives its owner."""

import subprocess
import sys
import threading
import weakref
from functools import partial
from threading import Event

import pytest
from PySide6.QtCore import QObject, Slot
from pytestqt.qtbot import QtBot

from workbench.desktop.background import Background, Tell, close_all
from workbench.errors import Cancelled, OutOfMemory


class Listener(QObject):
    def __init__(self, background: Background) -> None:
        super().__init__()
        self.heard: list[tuple[str, object]] = []
        self.threads: set[threading.Thread] = set()
        background.progressed.connect(self._progressed)
        background.finished.connect(self._finished)
        background.failed.connect(self._failed)

    def _hear(self, kind: str, value: object) -> None:
        self.threads.add(threading.current_thread())
        self.heard.append((kind, value))

    @Slot(object)
    def _progressed(self, value: object) -> None:
        self._hear("progressed", value)

    @Slot(object)
    def _finished(self, value: object) -> None:
        self._hear("finished", value)

    @Slot(object)
    def _failed(self, value: object) -> None:
        self._hear("failed", value)


def test_progress_and_result_arrive_in_order_in_the_window_thread(qtbot: QtBot) -> None:
    background = Background()
    listener = Listener(background)
    big = 1 << 40  # would wrap in a signal of int

    def work(tell: Tell, _cancel: Event) -> object:
        for value in ({1: "a"}, big):
            tell(value)
        return threading.current_thread()

    with qtbot.waitSignal(background.finished):
        background.start(work)
        assert background.busy
    kinds, values = zip(*listener.heard, strict=True)
    assert kinds == ("progressed", "progressed", "finished")
    assert values[:2] == ({1: "a"}, big)
    assert values[2] is not threading.current_thread()
    assert listener.threads == {threading.current_thread()}
    assert not background.busy


def test_failure_is_the_raised_object_and_holds_no_locals(qtbot: QtBot) -> None:
    class Tensor:
        pass

    background = Background()
    raised = OutOfMemory("The memory ran out.")
    kept: list[weakref.ref[Tensor]] = []

    def inner() -> None:
        tensor = Tensor()
        kept.append(weakref.ref(tensor))
        raise raised

    def work(_tell: Tell, _cancel: Event) -> object:
        inner()
        return None

    with qtbot.waitSignal(background.failed) as signal:
        background.start(work)
    assert signal.args[0] is raised
    assert kept[0]() is None
    assert raised.__traceback__ is not None


def test_cancel_is_heard_by_the_work_and_told_as_cancelled(qtbot: QtBot) -> None:
    background = Background()

    def work(_tell: Tell, cancel: Event) -> object:
        cancel.wait(5)
        raise Cancelled("Stopped.")

    with qtbot.waitSignal(background.failed) as signal:
        background.start(work)
        background.cancel()
    assert isinstance(signal.args[0], Cancelled)


def test_a_second_start_drops_the_first(qtbot: QtBot) -> None:
    background = Background()
    listener = Listener(background)
    told = threading.Event()

    def first(tell: Tell, cancel: Event) -> object:
        tell("of the first")
        told.set()
        cancel.wait(5)
        return "first"

    with qtbot.waitSignal(background.finished):
        background.start(first)
        assert told.wait(5)
        background.start(lambda _tell, _cancel: "second")
    assert listener.heard == [("finished", "second")]


def test_drop_returns_at_once_and_nothing_is_told(qtbot: QtBot) -> None:
    background = Background()
    listener = Listener(background)
    go_on = threading.Event()
    threads: list[threading.Thread] = []

    def work(tell: Tell, _cancel: Event) -> object:
        threads.append(threading.current_thread())
        tell(1)
        go_on.wait(5)
        tell(2)
        return 3

    with qtbot.waitSignal(background.busy_changed):
        background.start(work)
    background.drop()
    assert not background.busy
    go_on.set()
    background.close()
    assert not threads[0].is_alive()
    assert listener.heard == []


def test_an_owner_that_goes_away_drops_its_work(qtbot: QtBot) -> None:
    owner = QObject()
    background = Background(owner)
    listener = Listener(background)
    stopped = threading.Event()

    def work(_tell: Tell, cancel: Event) -> object:
        if cancel.wait(5):
            stopped.set()
        return None

    background.start(work)
    with qtbot.waitSignal(owner.destroyed):
        owner.deleteLater()
    assert stopped.wait(5)
    background.close()
    assert listener.heard == []


def echo(value: int, _tell: Tell, _cancel: Event) -> int:
    return value


def test_many_runs_leave_no_thread(qtbot: QtBot) -> None:
    background = Background()
    before = threading.active_count()
    for number in range(200):
        with qtbot.waitSignal(background.finished) as signal:
            background.start(partial(echo, number))
        assert signal.args == [number]
    background.close()
    assert threading.active_count() == before


@pytest.mark.usefixtures("qapp")
def test_close_all_waits_for_every_thread() -> None:
    backgrounds = [Background() for _ in range(3)]
    before = threading.active_count()
    for background in backgrounds:
        background.start(lambda _tell, cancel: cancel.wait(5))
    close_all()
    assert threading.active_count() == before


@pytest.mark.parametrize("package", ["model", "method", "probe", "export"])
def test_no_panel_brings_torch(package: str) -> None:
    code = f"""
import importlib, pkgutil, sys
package = importlib.import_module("workbench.desktop.{package}")
for part in pkgutil.iter_modules(package.__path__):
    importlib.import_module(f"workbench.desktop.{package}.{{part.name}}")
sys.exit(", ".join({{"torch", "transformers", "huggingface_hub", "safetensors"}} & sys.modules.keys()) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
