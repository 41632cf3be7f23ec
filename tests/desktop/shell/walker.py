"""Drives the real window through the walk, through its widgets only."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import shiboken6
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QDialog,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QWidget,
    QWizard,
)

from tests.desktop.finding import find
from tests.desktop.waiting import events_until
from workbench.desktop.export.dialog import ExportDialog
from workbench.desktop.facts.importing.wizard import READING, REVIEW, ImportWizard
from workbench.desktop.main_window import MainWindow
from workbench.desktop.model.load_dialog import LoadDialog
from workbench.desktop.shell.situation import RUNNING

Stage = Callable[[str, QWidget], None]
Key = Qt.Key
D = TypeVar("D", bound=QDialog)


def is_open(dialog: QWidget) -> bool:
    return shiboken6.isValid(dialog) and dialog.isVisible()


def nothing(_name: str, _widget: QWidget) -> None: ...


class Walker:
    """``stage`` is called with a name and the window to look at, wherever the walk is worth a picture."""

    def __init__(self, window: MainWindow, stage: Stage = nothing, patience_s: float = 240) -> None:
        self.window, self.stage, self.patience_s = window, stage, patience_s

    def wait(self, until: Callable[[], object], why: str) -> None:
        assert events_until(until, self.patience_s), (
            f"waited in vain for {why}; notices: {self.window.notices.sentences()}"
        )
        QApplication.processEvents()

    def click(self, name: str, parent: QWidget | None = None) -> None:
        button = find(parent or self.window, QPushButton, name)
        assert button.isEnabled(), f"{name} is disabled: {button.toolTip()}"
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def press(self, name: str) -> None:
        """A button of the tool bar."""
        self.click(f"tool-{name}")
        QApplication.processEvents()

    def wait_for_engine(self) -> None:
        self.wait(lambda: self.window.desk.engine_ready, "the engine")

    # Model

    def load_starter(self) -> None:
        self.wait_for_engine()
        self.press("load-model")
        dialog = self.dialog(LoadDialog)
        self.wait(lambda: dialog.form.list.sources(), "the list of sources")
        field = find(dialog, QLineEdit, "model-source")
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, "starter")
        self.wait(dialog.form.load_button.isEnabled, "what loading it takes")
        self.stage("load-dialog", dialog)
        QTest.mouseClick(dialog.form.load_button, Qt.MouseButton.LeftButton)
        self.wait(lambda: self.window.desk.loaded is not None, "the model")
        self.wait(lambda: not is_open(dialog), "the dialog to close")

    def dialog(self, kind: type[D]) -> D:
        self.wait(lambda: self.window.findChild(kind) is not None, kind.__name__)
        found = self.window.findChild(kind)
        assert found is not None
        return found

    # Facts

    def type_facts(self, facts: list[tuple[str, str]]) -> None:
        page = self.window.facts.page
        QTest.mouseClick(page.type_button, Qt.MouseButton.LeftButton)
        for i, (prompt, target) in enumerate(facts):
            self._type_into_cell(prompt, Key.Key_Return if i else Key.Key_Tab)
            self._type_into_cell(target, Key.Key_Return)
        editor = page.table.viewport().findChild(QLineEdit)
        if editor is not None:
            QTest.keyClick(editor, Key.Key_Escape)

    def _type_into_cell(self, text: str, end: Key) -> None:
        table = self.window.facts.page.table
        editors = [w for w in table.viewport().findChildren(QLineEdit) if w.isVisible()]
        assert editors, "no cell is being edited"
        QTest.keyClicks(editors[-1], text)
        QTest.keyClick(editors[-1], end)
        QApplication.processEvents()

    def import_file(self, path: Path, first: int = 0, to_warmup: bool = False) -> None:
        """Through the wizard; ``first``: only so many."""
        QTimer.singleShot(0, self.window, lambda: self._walk_wizard(path, first, to_warmup))
        self.press("import")

    def _walk_wizard(self, path: Path, first: int, to_warmup: bool) -> None:
        self.wait(lambda: isinstance(QApplication.activeModalWidget(), ImportWizard), "the wizard")
        wizard = QApplication.activeModalWidget()
        assert isinstance(wizard, ImportWizard)
        field = find(wizard, QLineEdit, "import-file")
        field.setFocus()
        QTest.keyClicks(field, str(path))
        QTest.keyClick(field, Key.Key_Return)
        following = wizard.button(QWizard.WizardButton.NextButton)
        page = wizard.file_page
        self.wait(lambda: page.isComplete() or page.problem.text(), "the file to be recognised")
        assert page.isComplete(), page.problem.text()
        self.stage(f"import-{path.suffix[1:]}", wizard)
        QTest.mouseClick(following, Qt.MouseButton.LeftButton)
        self.wait(wizard.reading_page.isComplete, "the file to be read")
        if wizard.currentId() == READING:
            QTest.mouseClick(following, Qt.MouseButton.LeftButton)
        self.wait(lambda: wizard.currentId() == REVIEW, "the review")
        find(wizard, QRadioButton, "import-to-warmup" if to_warmup else "import-to-facts").setChecked(True)
        if first:
            find(wizard, QCheckBox, "import-only-first").setChecked(True)
            find(wizard, QSpinBox, "import-limit").setValue(first)
        QApplication.processEvents()
        if not to_warmup:
            self.stage(f"import-{path.suffix[1:]}-review", wizard)
        QTest.mouseClick(wizard.button(QWizard.WizardButton.FinishButton), Qt.MouseButton.LeftButton)

    def type_setting(self, name: str, text: str) -> None:
        """Of the method panel, by its object name."""
        field = find(self.window.method, QAbstractSpinBox, name)
        editor = field.lineEdit()
        editor.selectAll()
        QTest.keyClicks(editor, text)
        QTest.keyClick(editor, Key.Key_Return)

    # Runs

    @property
    def running(self) -> bool:
        return self.window.desk.run.activity in RUNNING

    def steps(self) -> int:
        return self.window.desk.run.bridge.progress.step

    def wait_for_steps(self, number: int) -> None:
        self.wait(lambda: self.steps() >= number or not self.running, f"step {number}")
        assert self.steps() >= number, self.window.notices.sentences()

    def wait_for_end(self) -> None:
        self.wait(lambda: not self.window.desk.run.activity, "the end of the run")

    def answer(self, dialog_name: str, button_text: str) -> None:
        """Of the question that opens next."""

        def answer() -> None:
            box = QApplication.activeModalWidget()
            if not isinstance(box, QMessageBox):
                QTimer.singleShot(20, self.window, answer)
                return
            assert box.objectName() == dialog_name
            QTest.mouseClick(
                next(b for b in box.buttons() if b.text().replace("&", "") == button_text),
                Qt.MouseButton.LeftButton,
            )

        QTimer.singleShot(0, self.window, answer)

    # Probe and export

    def probe(self, prompt: str) -> tuple[str, str]:
        """What the original and the edited model write."""
        from workbench.desktop.probe.prober import Side

        self.window.docks["probe"].show_panel("probe")
        panel = self.window.probe
        QTest.mouseClick(panel.modes.button(0), Qt.MouseButton.LeftButton)
        field = find(panel, QLineEdit, "probe-prompt")
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, prompt)
        QTest.keyClick(field, Key.Key_Return)
        self.wait(lambda: panel.stop_button.isVisible(), "the probe to begin")
        self.wait(lambda: not panel.stop_button.isVisible(), "the probe to end")
        return panel.panes[Side.ORIGINAL].text.toPlainText(), panel.panes[Side.EDITED].text.toPlainText()

    def probe_selected(self, row: int) -> None:
        table = self.window.facts.page.table
        table.selectRow(row)
        QApplication.processEvents()
        self.window.facts.action("probe").trigger()
        panel = self.window.probe
        self.wait(
            lambda: panel.stop_button.isVisible() or panel.says.text(), "the probes of the fact to begin"
        )
        self.wait(lambda: not panel.stop_button.isVisible(), "the probes of the fact")

    def export(self, destination: Path) -> None:
        self.press("export")
        dialog = self.dialog(ExportDialog)
        field = find(dialog, QLineEdit, "export-destination")
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, str(destination))
        self.wait(find(dialog, QPushButton, "export-start").isEnabled, "the destination to be checked")
        self.stage("export-dialog", dialog)
        self.click("export-start", dialog)
        self.wait(lambda: dialog.written is not None, "the export")
        self.stage("exported", dialog)
        self.click("export-cancel", dialog)
        self.wait(lambda: not is_open(dialog), "the export dialog to close")
