"""Writing a model: checked at once, stoppable, and loadable afterwards."""

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from tests.desktop.finding import find
from workbench.desktop.background import Tell
from workbench.desktop.export.dialog import ExportDialog
from workbench.desktop.export.kind import ExportKind
from workbench.errors import Cancelled, DiskFull, ExportError


class Writer:
    """Writes a folder with one file once ``go`` is set."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.error: Exception | None = None

    def check(self, destination: Path) -> None:
        if destination.exists():
            raise ExportError(f"{destination} is not empty: choose a new folder.")
        if "small" in str(destination):
            raise DiskFull("The export needs 9.00 GiB and 1.00 GiB are free here: make room.")

    def write(self, destination: Path, tell: Tell, cancel: Event) -> Path:
        tell(SimpleNamespace(stage="writing the weights", done=1, total=4, unit="tensors"))
        while not self.go.wait(0.005):
            if cancel.is_set():
                raise Cancelled("Stopped; nothing was changed.")
        if self.error:
            raise self.error
        destination.mkdir()
        (destination / "model.safetensors").write_bytes(bytes(2048))
        return destination

    def kind(self, name: str = "hf", file_name: str = "edited", unavailable: str = "") -> ExportKind:
        write, check = self.write, self.check
        return ExportKind(
            name, name.upper(), "All.", 9 << 30, file_name, check, write, unavailable=unavailable
        )


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
def dialog(qtbot: QtBot, writer: Writer, tmp_path: Path) -> Iterator[ExportDialog]:
    made = ExportDialog([writer.kind(), writer.kind("delta", file_name="edited.delta")], tmp_path)
    qtbot.addWidget(made)
    made.show()
    yield made
    made.work.close()


def start(dialog: ExportDialog) -> QPushButton:
    return find(dialog, QPushButton, "export-start")


def problem(dialog: ExportDialog) -> str:
    return find(dialog, QLabel, "export-problem").text()


def is_said(dialog: ExportDialog, sentence: str) -> bool:
    return sentence in problem(dialog)


def says(dialog: ExportDialog) -> str:
    return find(dialog, QLabel, "export-says").text().replace("\u200b", "")


def test_suggests_a_place_that_is_free_for_each_kind(dialog: ExportDialog, tmp_path: Path) -> None:
    assert dialog.destination == tmp_path / "edited"
    assert start(dialog).isEnabled()
    box = find(dialog, QComboBox, "export-kind")
    box.setCurrentIndex(1)
    box.activated.emit(1)
    assert dialog.destination == tmp_path / "edited.delta"
    dialog.set_destination(tmp_path / "mine")
    box.setCurrentIndex(0)
    box.activated.emit(0)
    assert dialog.destination == tmp_path / "mine"


def test_a_name_in_use_gets_a_number(qtbot: QtBot, writer: Writer, tmp_path: Path) -> None:
    for name in ("edited", "edited-2"):
        (tmp_path / name).mkdir()
    made = ExportDialog([writer.kind()], tmp_path)
    qtbot.addWidget(made)
    assert made.destination == tmp_path / "edited-3"


def test_what_is_wrong_with_a_destination_is_said_at_once(
    qtbot: QtBot, dialog: ExportDialog, tmp_path: Path
) -> None:
    field = find(dialog, QLineEdit, "export-destination")
    for given, said in (
        (str(tmp_path), "is not empty"),
        (str(tmp_path / "small"), "9.00 GiB and 1.00 GiB are free"),
        ("here", "whole path"),
        ("", "Choose where"),
    ):
        field.clear()
        QTest.keyClicks(field, given)
        qtbot.waitUntil(partial(is_said, dialog, said))
        assert not start(dialog).isEnabled()
        assert said in start(dialog).toolTip().replace("&#x27;", "'")
        dialog.start_export()
        assert not dialog.work.busy


def test_an_unavailable_kind_says_why(qtbot: QtBot, writer: Writer, tmp_path: Path) -> None:
    made = ExportDialog([writer.kind(unavailable="Nothing has been edited yet.")], tmp_path)
    qtbot.addWidget(made)
    assert "Nothing has been edited yet." in start(made).toolTip()
    assert not start(made).isEnabled()


def test_writing_ends_with_the_place_and_its_size(
    qtbot: QtBot, dialog: ExportDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    with qtbot.waitSignal(dialog.exported) as signal:
        start(dialog).click()
    assert signal.args == [tmp_path / "edited"] == [dialog.written]
    assert says(dialog) == f"Written to {tmp_path / 'edited'} (2 KiB)."
    assert not start(dialog).isEnabled()
    assert problem(dialog) == ""
    find(dialog, QPushButton, "export-open").click()
    assert opened[0].toLocalFile() == str(tmp_path / "edited")
    assert find(dialog, QPushButton, "export-cancel").text() == "Close"
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert not dialog.isVisible()


def test_stop_leaves_nothing_and_brings_the_dialog_back(
    qtbot: QtBot, dialog: ExportDialog, writer: Writer, tmp_path: Path
) -> None:
    writer.go.clear()
    start(dialog).click()
    qtbot.waitUntil(lambda: dialog.form.progress.words.text() == "Writing the weights · 1 of 4 tensors")
    assert not dialog.form.field.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not dialog.work.busy)
    assert dialog.isVisible()
    assert says(dialog) == "Stopped; nothing is left of it."
    assert not (tmp_path / "edited").exists()
    assert start(dialog).isEnabled()


def test_closing_while_it_writes_stops_it_first(qtbot: QtBot, dialog: ExportDialog, writer: Writer) -> None:
    writer.go.clear()
    start(dialog).click()
    with qtbot.waitSignal(dialog.rejected):
        dialog.close()
    assert not dialog.work.busy


def test_failures_are_sentences(qtbot: QtBot, dialog: ExportDialog, writer: Writer) -> None:
    writer.error = DiskFull("The export ran out of space and was removed: make room.")
    with qtbot.waitSignal(dialog.work.failed):
        start(dialog).click()
    assert says(dialog) == "The export ran out of space and was removed: make room."
    writer.error = ZeroDivisionError("division by zero")
    with qtbot.waitSignal(dialog.broken):
        start(dialog).click()
    assert "ZeroDivisionError" in says(dialog)
