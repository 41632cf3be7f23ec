"""Calibrating in the window, on a tiny model."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.desktop.finding import find
from tests.studies.made_up import TEXTS, facts, recipe_of
from tests.tiny import tiny_model
from workbench.desktop.calibrate.dialog import CalibrateDialog, open_calibration
from workbench.desktop.study import StudyRequest
from workbench.desktop.theme import Theme
from workbench.editing.events import Phase, Progressed
from workbench.editing.recipe import Recipe
from workbench.models.loaded import LoadedModel
from workbench.studies.events import CalibrationPlanned, HoldingOut

WAIT_MS = 60_000


class Taken:
    def __init__(self) -> None:
        self.calls: list[tuple[Recipe, str]] = []

    def __call__(self, recipe: Recipe, pattern: str) -> None:
        self.calls.append((recipe, pattern))


class Provider:
    """Counts who uses the model; nobody may while another does."""

    def __init__(self) -> None:
        self.loaded = tiny_model()
        self.using = threading.Lock()

    @contextmanager
    def __call__(self, _cancel: Event) -> Iterator[LoadedModel]:
        with self.using:
            yield self.loaded


@pytest.fixture
def taken() -> Taken:
    return Taken()


@pytest.fixture
def provider() -> Provider:
    return Provider()


def request_of(provider: Provider, warmup: int = 40) -> StudyRequest:
    recipe = recipe_of(provider.loaded)
    return StudyRequest(provider, facts(4), facts(warmup), recipe, TEXTS, TEXTS)


@pytest.fixture
def dialog(theme: Theme, qtbot: QtBot, provider: Provider, taken: Taken) -> Iterator[CalibrateDialog]:
    del theme
    made = open_calibration(request_of(provider), taken)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made)
    yield made
    made.work.close()


def button(dialog: CalibrateDialog, name: str) -> QPushButton:
    return find(dialog, QPushButton, f"calibrate-{name}")


def click(dialog: CalibrateDialog, name: str) -> None:
    QTest.mouseClick(button(dialog, name), Qt.MouseButton.LeftButton)


def said(dialog: CalibrateDialog) -> str:
    return find(dialog, QLabel, "calibrate-says").text()


def test_search_stop_and_take_a_point(
    dialog: CalibrateDialog, qtbot: QtBot, taken: Taken, provider: Provider
) -> None:
    assert not button(dialog, "take").isEnabled()
    assert "Select a point" in button(dialog, "take").toolTip()
    click(dialog, "start")
    assert not button(dialog, "start").isEnabled()
    qtbot.waitUntil(lambda: len(dialog.plot.shown()) >= 2, timeout=WAIT_MS)
    assert button(dialog, "close").text() == "Stop"
    click(dialog, "close")
    qtbot.waitUntil(lambda: dialog.result_ is not None, timeout=WAIT_MS)
    assert dialog.isVisible()
    assert "Stopped" in said(dialog)
    assert not provider.using.locked()

    dialog.plot.select(dialog.plot.shown()[0])
    click(dialog, "take")
    assert dialog.result_ is not None
    chosen = dialog.result_.points[dialog.plot.shown()[0]].recipe
    assert taken.calls == [(chosen, chosen.modules)]
    assert not dialog.isVisible()


def test_what_goes_on_before_the_first_point_is_said_with_the_time_left(dialog: CalibrateDialog) -> None:
    dialog.follow(CalibrationPlanned({"statistics": 20, "edits": 4, "held_out": 4}, 300.0, ""))
    dialog.work.progressed.emit(Progressed(Phase.WARMUP, 5, 20, "facts"))
    words = find(dialog, QWidget, "calibrate-progress").findChild(QLabel)
    assert words is not None
    assert words.text() == "Warming up, about 5 min until the first point · 5 of 20 facts"
    dialog.follow(HoldingOut(4))
    assert words.text() == "Editing 4 held-out facts with what was found…"


def test_what_was_found_can_be_saved(dialog: CalibrateDialog, qtbot: QtBot, tmp_path: Path) -> None:
    assert "nothing to save" in button(dialog, "save").toolTip()
    find(dialog, QAbstractSpinBox, "calibrate-minutes").lineEdit().setText("1e-6")
    click(dialog, "start")
    qtbot.waitUntil(lambda: dialog.result_ is not None, timeout=WAIT_MS)
    dialog.save(tmp_path / "found.json")
    assert json.loads((tmp_path / "found.json").read_text())["points"][0]["kind"] in ("preset", "choice")
    dialog.save(tmp_path / "found.json" / "below")
    assert "cannot be written" in said(dialog)


def test_a_budget_that_is_none_is_refused_beside_the_field(dialog: CalibrateDialog) -> None:
    field = find(dialog, QAbstractSpinBox, "calibrate-minutes")
    field.lineEdit().setText("0")
    field.edited.emit()  # type: ignore[attr-defined]
    assert not button(dialog, "start").isEnabled()
    assert "Time is 0" in find(dialog, QLabel, "calibrate-problem").text()
    field.lineEdit().setText("2")
    field.edited.emit()  # type: ignore[attr-defined]
    assert button(dialog, "start").isEnabled()
    assert find(dialog, QLabel, "calibrate-problem").text() == ""


def test_closing_while_it_searches_waits_until_it_has_stopped(
    dialog: CalibrateDialog, qtbot: QtBot, provider: Provider
) -> None:
    click(dialog, "start")
    qtbot.waitUntil(lambda: len(dialog.plot.shown()) >= 1, timeout=WAIT_MS)
    dialog.close()
    assert dialog.isVisible()
    qtbot.waitUntil(lambda: not dialog.isVisible(), timeout=WAIT_MS)
    assert not provider.using.locked()


def test_too_few_warm_up_facts_are_said_before_start_and_it_is_off(
    theme: Theme, qtbot: QtBot, provider: Provider, taken: Taken
) -> None:
    del theme
    made = open_calibration(request_of(provider, warmup=15), taken)  # four of them are edited
    qtbot.addWidget(made)
    assert "there are 11" in find(made, QLabel, "calibrate-problem").text()
    assert not find(made, QPushButton, "calibrate-start").isEnabled()
