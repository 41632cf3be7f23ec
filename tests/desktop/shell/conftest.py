"""The real window with a tiny model."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.desktop.shell.walker import Walker
from tests.tiny import tiny_model
from workbench.desktop.log.handler import LogKeeper
from workbench.desktop.main_window import MainWindow
from workbench.desktop.shell import closing
from workbench.desktop.shell.preferences import AHEAD
from workbench.desktop.shell.settings import person_settings
from workbench.desktop.theme import Theme
from workbench.editing import texts

SIZE = (1_280, 800)


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp, "dark")


@pytest.fixture
def make_window(
    qtbot: QtBot, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], MainWindow]]:
    """Windows that close with the test; the model writes but few texts of its own."""
    monkeypatch.setattr(texts, "SAMPLED_TEXTS", 4)
    monkeypatch.setattr(closing, "GRACE_S", 60)  # a busy machine is no reason for a dialog
    made: list[MainWindow] = []
    settings = person_settings()
    settings.setValue(AHEAD, False)

    def make() -> MainWindow:
        window = MainWindow(settings, theme, LogKeeper())
        window.desk.run.runner.threads = 1  # several wait for each other where the cores are busy
        window.resize(*SIZE)
        window.show()
        qtbot.waitExposed(window)
        window.begin()
        qtbot.waitUntil(lambda: window.desk.engine_ready, timeout=60_000)
        window.leave_welcome()
        made.append(window)
        return window

    yield make
    for window in made:
        if window.isVisible():
            window.desk.run.runner.kill()
            window.desk.run.runner.join()
            window.desk.run.activity = type(window.desk.run.activity).NOTHING
            window.desk.keeper.may_lose = lambda _error: True
            window.close()
        window.deleteLater()
    QApplication.processEvents()


@pytest.fixture
def window(make_window: Callable[[], MainWindow]) -> MainWindow:
    return make_window()


@pytest.fixture
def loaded(window: MainWindow) -> MainWindow:
    """With a tiny model, four facts and four warm-up facts."""
    window.desk.set_model(tiny_model())
    window.model.set_pattern("mlp.down_proj@1-2")
    fill(window)
    window.method.set_recipe(
        window.method.recipe().with_(batch=2, minibatch=2, warmup_facts=4, step_size=0.05)
    )
    return window


@pytest.fixture
def walker(loaded: MainWindow) -> Walker:
    return Walker(loaded, patience_s=60)


def fill(window: MainWindow, facts: int = 4, warmup: int = 4) -> None:
    from workbench.desktop.facts import prepared
    from workbench.facts.fact import Fact

    panel = window.facts
    panel.history.add(
        panel.facts, prepared(Fact(f"fact {i} is", f"t{i}", rephrases=(f"f{i}:",)) for i in range(facts))
    )
    panel.history.add(panel.warmup, prepared(Fact(f"warm {i} is", f"w{i}") for i in range(warmup)))
