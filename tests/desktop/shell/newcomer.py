"""A newcomer's path from the welcome page to the written model, by keyboard alone and by mouse alone."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from tests.desktop.finding import find
from tests.desktop.shell.walker import Walker, is_open
from workbench.desktop.export.dialog import ExportDialog

Key = Qt.Key
NOTHING, CTRL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


class Newcomer(Walker):
    """Begins on the welcome page. Every key and every click is a decision."""

    decisions = 0

    def by_keyboard(self) -> Path:
        """Where the model was written. Return always does what comes next."""
        self.stage("path-welcome", self.window)
        self.key(Key.Key_Return)  # Open the starter session
        self.wait_for_warm_up()
        self.stage("path-loaded", self.window)
        self.press_next("warm-up")
        self.wait_for_end()
        self.stage("path-warmed-up", self.window)
        self.press_next("edit")
        self.wait_for_end()
        self.key(Key.Key_B, CTRL | SHIFT)
        self.read_answers()
        self.stage("path-before-and-after", self.window)
        self.key(Key.Key_E, CTRL)
        dialog = self.wait_for_export()
        self.stage("path-export", dialog)
        self.key(Key.Key_Return)
        self.wait(lambda: dialog.written is not None, "the export")
        self.stage("path-exported", dialog)
        written = dialog.written
        self.key(Key.Key_Return)
        return self.left(dialog, written)

    def by_mouse(self) -> Path:
        self.mouse("welcome-starter")
        self.wait_for_warm_up()
        self.mouse("tool-warm-up")
        self.wait_for_end()
        self.mouse("tool-edit")
        self.wait_for_end()
        self.wait(lambda: self.window.answers.table.isVisible(), "the answers before and after")
        self.mouse("tool-export")
        dialog = self.wait_for_export()
        self.mouse("export-start", dialog)
        self.wait(lambda: dialog.written is not None, "the export")
        written = dialog.written
        self.mouse("export-cancel", dialog)
        return self.left(dialog, written)

    def press_next(self, name: str) -> None:
        """The button of the tool bar that has the keyboard by itself."""
        assert self.focus().objectName() == f"tool-{name}"
        self.key(Key.Key_Return)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NOTHING) -> None:
        self.decisions += 1
        QTest.keyClick(self.focus(), key, modifiers)
        QApplication.processEvents()

    def mouse(self, name: str, parent: QWidget | None = None) -> None:
        self.decisions += 1
        self.click(name, parent)
        QApplication.processEvents()

    def focus(self) -> QWidget:
        if QApplication.activeWindow() is None:  # a window manager gives it back when a dialog closes
            self.window.activateWindow()
        self.wait(QApplication.focusWidget, "something to have the keyboard")
        focused = QApplication.focusWidget()
        assert focused is not None
        return focused

    def read_answers(self) -> None:
        """Row after row; that decides nothing."""
        table = self.window.answers.table
        self.wait(lambda: self.focus() is table, "the answers to have the keyboard")
        for row in range(table.model().rowCount()):
            QTest.keyClick(table, Key.Key_Down if row else Key.Key_Home)
            assert table.currentIndex().row() == row

    def wait_for_warm_up(self) -> None:
        window = self.window
        self.wait(lambda: not window.welcoming and len(window.facts.facts), "model and facts")
        self.wait(window.tool_bar.buttons["warm-up"].isEnabled, "the dialog to close")

    def wait_for_export(self) -> ExportDialog:
        dialog = self.dialog(ExportDialog)
        self.wait(find(dialog, QPushButton, "export-start").isEnabled, "the destination to be checked")
        return dialog

    def left(self, dialog: ExportDialog, written: Path | None) -> Path:
        self.wait(lambda: not is_open(dialog), "the dialog to close")
        assert written is not None
        return written
