"""Opens the window. torch is loaded behind it, once it is shown."""

import argparse
import os
import sys
from pathlib import Path
from threading import Thread

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from workbench import __version__
from workbench.desktop.background import close_all
from workbench.desktop.log.handler import LogKeeper
from workbench.desktop.main_window import MainWindow
from workbench.desktop.shell.crash import CrashCatcher, CrashDialog
from workbench.desktop.shell.ending import EndingSignals
from workbench.desktop.shell.leaving import what_is_saved
from workbench.desktop.shell.preferences import theme_of
from workbench.desktop.shell.settings import person_settings
from workbench.desktop.theme import Theme, application_icon
from workbench.storage.log_file import logging_to_file
from workbench.storage.partials import clear_abandoned

NAME = "stableedit-workbench"
EXIT_INTERRUPTED = 130
AFTER_PAINT_MS = 100  # the window draws itself before torch competes for the processor


class Workbench:
    """The application with its one window; ``main`` without the event loop."""

    def __init__(self, application: QApplication, session: Path | None = None) -> None:
        application.setApplicationName(NAME)
        application.setApplicationDisplayName("StableEdit Workbench")
        application.setApplicationVersion(__version__)
        application.setDesktopFileName(NAME)
        application.setWindowIcon(application_icon())
        self.settings = person_settings()
        self.theme = Theme(application, theme_of(self.settings))
        self.log = LogKeeper()
        self.log.install()
        self.catcher = CrashCatcher()
        self.catcher.install()
        self.window = MainWindow(self.settings, self.theme, self.log)
        self.catcher.caught.connect(self.show_crash)
        self.ending = EndingSignals()
        self.ending.received.connect(self.end)
        self.window.show()
        Thread(target=clear_abandoned, name="clearing", daemon=True).start()
        QTimer.singleShot(AFTER_PAINT_MS, self.window, lambda: self.window.begin(session))

    def show_crash(self, error: BaseException, details: str) -> None:
        """One dialog at a time; what follows meanwhile is in the log."""
        if self.window.findChild(CrashDialog) is not None:
            return
        dialog = CrashDialog(error, details, what_is_saved(self.window.desk.keeper), self.window)
        dialog.quit_wanted.connect(self.window.close)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def end(self) -> None:
        """On a logout, a closed terminal or Ctrl-C in it: every whole step and all facts are kept."""
        self.window.ending = True
        self.window.close()
        QApplication.exit(EXIT_INTERRUPTED)

    def close(self) -> None:
        self.ending.remove()
        self.catcher.remove()
        self.log.remove()
        close_all()


def main(arguments: list[str]) -> int:
    """The exit code."""
    options = _options(arguments)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    with logging_to_file():
        application = QApplication(sys.argv[:1])
        workbench = Workbench(application, options.session)
        try:
            return int(application.exec())
        finally:
            workbench.close()


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="workbench", description="Opens the window.")
    parser.add_argument("--session", type=Path, metavar="DIR", help="a session folder to open")
    return parser.parse_args(arguments)
