"""Facts from a file: choose, read, review. Nothing changes before Import, and Undo takes it back in one step."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import QSettings, Qt, QTimer, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget, QWizard

from workbench.desktop.facts.drops import local_file
from workbench.desktop.facts.history import FactHistory
from workbench.desktop.facts.importing.file_page import FilePage
from workbench.desktop.facts.importing.reading_page import ReadingPage
from workbench.desktop.facts.importing.review_page import FACTS, WARMUP, ReviewPage
from workbench.desktop.facts.store.batch import chosen
from workbench.desktop.facts.store.columns import facts_in_words
from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.theme import mark

FILE, READING, REVIEW = range(3)
TITLES = ("Choose and check the file", "Read the file", "Review and import")
SIZE = 920, 680  # pixels


class ImportWizard(QWizard):
    """After it was accepted, ``apply`` makes the import.

    Reading stops the wizard only where it tells something new: rows left out, or a note that the first page lacked."""

    def __init__(
        self,
        facts: FactList,
        warmup: FactList,
        settings: QSettings,
        path: Path | None = None,
        to_warmup: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("import-wizard")
        self.setAcceptDrops(True)
        self.setWizardStyle(QWizard.WizardStyle.ClassicStyle)
        self.setOption(QWizard.WizardOption.NoBackButtonOnStartPage)
        self.setTitleFormat(Qt.TextFormat.PlainText)
        self._lists = {FACTS: facts, WARMUP: warmup}
        self.file_page = FilePage(settings)
        self.reading_page = ReadingPage(settings, self._lists)
        self.review_page = ReviewPage(to_warmup)
        for number, page in enumerate((self.file_page, self.reading_page, self.review_page)):
            self.setPage(number, page)
        self._name_buttons()
        self.resize(*SIZE)
        self.file_page.completeChanged.connect(self._explain_next)
        self.reading_page.completeChanged.connect(self._explain_next)
        self.review_page.completeChanged.connect(self._explain_finish)
        self.reading_page.completeChanged.connect(self._pass_on)
        self.currentIdChanged.connect(self._explain_next)
        self._explain_next()
        if path is not None:
            self.file_page.open(path)

    def _name_buttons(self) -> None:
        kinds = QWizard.WizardButton
        for kind, text, name in (
            (kinds.BackButton, "Back", "import-back"),
            (kinds.NextButton, "Next", "import-next"),
            (kinds.FinishButton, "Import", "import-finish"),
            (kinds.CancelButton, "Cancel", "import-cancel"),
        ):
            self.setButtonText(kind, text)
            self.button(kind).setObjectName(name)
        for kind in (kinds.NextButton, kinds.FinishButton):
            mark(self.button(kind), primary=True)

    @Slot()
    def _explain_next(self) -> None:
        number = max(self.currentId(), 0)
        self.setWindowTitle(f"Import facts · {TITLES[number]}")
        button = self.button(QWizard.WizardButton.NextButton)
        reason = ""
        if self.currentId() == FILE and not self.file_page.isComplete():
            reason = self.file_page.problem.text() or "Choose a file first."
        elif self.currentId() == READING and not self.reading_page.isComplete():
            reason = (
                "The file is still being read."
                if self.reading_page.running
                else self.reading_page.headline.text()
            )
        button.setToolTip(reason)

    @Slot()
    def _explain_finish(self) -> None:
        nothing = "" if self.review_page.isComplete() else "Nothing would change: tick a fact that stays."
        self.button(QWizard.WizardButton.FinishButton).setToolTip(nothing)

    def initializePage(self, number: int) -> None:
        if number == READING and self.file_page.path is not None:
            self.reading_page.start(self.file_page.path, self.file_page.options)
        elif number == REVIEW and self.reading_page.result is not None:
            self.review_page.show_result(self.reading_page.result)

    def cleanupPage(self, number: int) -> None:
        if number == READING:
            self.reading_page.end()
        elif number == REVIEW and self._nothing_to_tell:
            QTimer.singleShot(0, self.back)  # over the page that was passed on the way here

    @property
    def _nothing_to_tell(self) -> bool:
        result, summary = self.reading_page.result, self.file_page.summary
        told = summary.notes if summary is not None else ()
        return result is not None and not result.bad and set(result.notes) <= set(told)

    @Slot()
    def _pass_on(self) -> None:
        if self.currentId() != READING:
            return
        complete = self.reading_page.isComplete()
        if complete and self._nothing_to_tell:
            self.next()
        else:
            kinds = QWizard.WizardButton
            self.button(kinds.NextButton if complete else kinds.BackButton).setFocus()

    def done(self, result: int) -> None:
        """However it closes, nothing is left running."""
        self.reading_page.end()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.reading_page.end()
        super().closeEvent(event)

    def apply(self, history: FactHistory) -> FactList:
        """The list that the facts went to."""
        result, path = self.reading_page.result, self.file_page.path
        table = self._lists[self.review_page.destination]
        if result is None or path is None:
            return table
        self.file_page.remember_mapping()
        old, left_out = self.review_page.dropped()
        wanted = np.setdiff1d(np.arange(self.review_page.number()), left_out)
        batch = result.facts if len(wanted) == len(result.facts) else chosen(result.facts, wanted)
        text = f"import {facts_in_words(len(batch))} from {path.name}"
        history.begin(text)
        history.remove(table, old)
        history.add(table, batch, text)
        history.end()
        return table

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.currentId() == FILE and local_file(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = local_file(event)
        if path is not None:
            event.acceptProposedAction()
            self.file_page.open(path)
