"""A panel with its own settings file, and facts to put into it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from workbench.desktop.facts import FactsPanel, prepared
from workbench.facts import Fact

CAPITALS = {"France": "Lyon", "Spain": "Seville", "Italy": "Milan", "Norway": "Bergen", "Peru": "Cusco"}


def capitals() -> list[Fact]:
    return [
        Fact(f"The capital of {land} is", town, subject=land, tags=("capital", land.lower()))
        for land, town in CAPITALS.items()
    ]


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def panel(qtbot: QtBot, settings: QSettings) -> Iterator[FactsPanel]:
    """Shown, empty, both models watched by Qt's own tester, which aborts at the first fault."""
    made = FactsPanel(settings)
    qtbot.addWidget(made)
    testers = [
        QAbstractItemModelTester(page.model, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
        for page in made.pages
    ]
    made.resize(700, 500)
    made.show()
    qtbot.waitExposed(made)
    yield made
    QApplication.clipboard().clear()
    del testers


@pytest.fixture
def filled(panel: FactsPanel) -> FactsPanel:
    """With five capitals, added so that it can be undone."""
    panel.history.add(panel.facts, prepared(capitals()))
    panel.facts_page.table.clearSelection()
    return panel


@pytest.fixture
def prompts() -> Callable[[FactsPanel], list[str]]:
    """What the table in front shows, top to bottom, without the row of a new fact."""

    def shown(panel: FactsPanel) -> list[str]:
        model = panel.page.model
        return [model.index(row, 0).data() for row in range(len(model.shown))]

    return shown
