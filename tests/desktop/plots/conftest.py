"""A dressed application, a grid on the screen, runs to show."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.desktop.plots.made_up import run_events
from workbench.desktop.plots import PlotGrid
from workbench.desktop.series import RunSeries
from workbench.desktop.theme import Theme

MakeRun = Callable[..., RunSeries]


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    made = Theme(qapp, "dark")
    yield made
    made.deleteLater()
    # Outside an event loop Qt keeps what is to be deleted, and styling it all again makes each test slower.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def grid(theme: Theme, qtbot: QtBot) -> PlotGrid:
    del theme
    made = PlotGrid()
    qtbot.addWidget(made)
    made.resize(700, 560)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def make_run() -> MakeRun:
    def make(
        steps: int, modules: int = 4, name: str = "", seed: int = 0, evaluate_every: int = 5
    ) -> RunSeries:
        run = RunSeries(name)
        for event in run_events(steps, modules, evaluate_every=evaluate_every, seed=seed):
            run.add(event)
        return run

    return make
