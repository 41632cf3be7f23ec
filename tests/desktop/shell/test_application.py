"""Start, crash and the first doors."""

import signal
import subprocess
import sys
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from workbench.desktop.main_window import MainWindow
from workbench.desktop.shell.about import libraries
from workbench.desktop.shell.crash import CrashCatcher, CrashDialog
from workbench.desktop.shell.leaving import what_is_saved

FIRST_WINDOW = """
import sys
from PySide6.QtWidgets import QApplication
from workbench.desktop.application import Workbench
application = QApplication([])
workbench = Workbench(application)
application.processEvents()
heavy = [name for name in ("torch", "transformers", "huggingface_hub") if name in sys.modules]
print(workbench.window.isVisible(), heavy, flush=True)
import os; os._exit(0)
"""


ENDED_FROM_OUTSIDE = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from workbench.desktop.application import Workbench
from workbench.desktop.facts import prepared
from workbench.desktop.run.controller import Activity
from workbench.facts.fact import Fact
application = QApplication([])
workbench = Workbench(application)
def type_a_fact():
    panel = workbench.window.facts
    panel.history.add(panel.facts, prepared([Fact("The sky is", "green")]))
    workbench.window.desk.run.activity = Activity.EDITING  # which closing would ask about
    print("ready", flush=True)
QTimer.singleShot(300, type_a_fact)
code = application.exec()
workbench.close()
from workbench.session.folder import Session
from workbench.session.paths import sessions_folder
with Session.open(next(sessions_folder().iterdir())) as session:
    print(code, session.facts("edit")[0].target, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("by", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_the_window_without_a_question_and_keeps_what_was_typed(by: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", ENDED_FROM_OUTSIDE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(getattr(signal, by))
    out, err = process.communicate(timeout=120)
    assert out == "130 green\n", err
    assert "Traceback" not in err


def test_the_first_window_shows_before_torch_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", FIRST_WINDOW], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "True []"


def test_what_nobody_foresaw_is_told_with_what_was_saved(window: MainWindow, qtbot: QtBot) -> None:
    catcher = CrashCatcher()
    error = ZeroDivisionError("a bug")
    with qtbot.waitSignal(catcher.caught) as caught:
        catcher._hook(type(error), error, None)
    window.desk.keeper.need()
    told: tuple[BaseException, str] = tuple(caught.args)
    dialog = CrashDialog(told[0], told[1], what_is_saved(window.desk.keeper), window)
    qtbot.addWidget(dialog)
    assert "Untitled is safe" in dialog.saved.text()
    assert "ZeroDivisionError" in dialog.text.toPlainText()
    dialog.findChild(QPushButton, "crash-go-on").click()  # type: ignore[union-attr]
    assert window.isVisible()


def test_the_doors_of_the_welcome_page(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(window.handlers, "load_source", asked.append)
    window.show_welcome()
    assert window.welcoming
    assert not window.tool_bar.isVisible()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space):
        QTest.keyClick(window.welcome.doors["starter"], key)
    assert asked == ["starter", "starter"]
    window.welcome.skip.click()
    assert not window.welcoming
    assert window.tool_bar.isVisible()
    assert all(dock.isVisible() for dock in window.docks.values())


def test_the_about_page_names_every_library_with_version_and_licence() -> None:
    found = {name.lower().replace("_", "-"): (version, licence) for name, version, licence in libraries()}
    assert {"torch", "transformers", "pyside6-essentials", "numpy"} <= found.keys()
    assert all(version and licence for version, licence in found.values())


def test_a_window_without_a_welcome_page_starts_in_its_layout(
    window: MainWindow, make_window: Callable[[], MainWindow]
) -> None:
    window.settings.setValue("window/welcome", False)
    window.close()
    second = make_window()
    assert second.tool_bar.isVisible()
