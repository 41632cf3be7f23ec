"""The wizard's second page: reading with progress, then what came of it."""

from collections.abc import Mapping
from pathlib import Path
from threading import Event

from PySide6.QtCore import QSettings, Slot
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget, QWizardPage

from workbench.desktop.background import Background, Tell
from workbench.desktop.courtesy import courteous
from workbench.desktop.facts.importing.bad_rows import BadRowsView
from workbench.desktop.facts.importing.reading import Progress, Result, read_all
from workbench.desktop.facts.importing.samples import size_in_words
from workbench.desktop.facts.store.columns import facts_in_words
from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.facts.widgets import named, plain_label
from workbench.desktop.theme import mark
from workbench.errors import WorkbenchError
from workbench.facts import ImportOptions
from workbench.facts.text import count

STEPS = 1_000  # of the progress bar


class ReadingPage(QWizardPage):
    """``result`` is None until a file is read to its end."""

    def __init__(
        self, settings: QSettings, tables: Mapping[str, FactList], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._tables = tables
        self._background = Background(self)
        self._background.progressed.connect(self._show_progress)
        self._background.finished.connect(self._show_result)
        self._background.failed.connect(self._show_failure)
        self.result: Result | None = None
        self.headline = plain_label(name="import-headline")
        self.bar = named(QProgressBar(maximum=STEPS), "import-progress", "Reading")
        self.detail = plain_label(name="import-detail")
        self.bad = BadRowsView(settings)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.headline, self.bar, self.detail):
            column.addWidget(widget)
        column.addWidget(self.bad, 1)
        column.addStretch(0)

    def start(self, path: Path, options: ImportOptions) -> None:
        self.end()
        self.result = None
        self._say(f"Reading {path.name}", "")
        self.detail.setText("")
        self.bar.setValue(0)
        self.bar.show()
        self.bad.show_rows(())

        def work(tell: Tell, cancel: Event) -> object:
            with courteous(tell, cancel) as listener:
                return read_all(listener, path, options, self._tables)

        self._background.start(work)

    def end(self) -> None:
        """Stops reading; what was read so far is forgotten."""
        self._background.close()

    def isComplete(self) -> bool:
        return self.result is not None and len(self.result.facts) > 0

    @property
    def running(self) -> bool:
        return self._background.busy

    @Slot(object)
    def _show_progress(self, progress: Progress) -> None:
        share = progress.done / max(progress.size, 1)
        self.bar.setValue(int(share * STEPS))
        bad = f", {count(progress.bad, 'bad row')}" if progress.bad else ""
        read = f"{size_in_words(progress.done)} of {size_in_words(progress.size)}"
        looking = progress.size == 1
        self.detail.setText(
            "Looking for conflicts" if looking else f"{facts_in_words(progress.facts)}{bad} · {read}"
        )

    @Slot(object)
    def _show_failure(self, error: Exception) -> None:
        self.bar.hide()
        known = isinstance(error, WorkbenchError)
        self._say(str(error) if known else f"Reading failed ({error}): choose another file.", "bad")
        self.detail.setText("Nothing was imported. Go back to choose how the file is read, or another file.")
        self.completeChanged.emit()

    @Slot(object)
    def _show_result(self, result: Result) -> None:
        self.bar.hide()
        self.result = result
        bad = f", {count(len(result.bad), 'row')} left out" if result.bad else ""
        if len(result.facts):
            self._say(f"{facts_in_words(len(result.facts))}{bad}", "")
        else:
            self._say(f"No fact could be read{bad}: go back and choose what each column holds.", "bad")
        self.detail.setText("\n".join(result.notes))
        self.bad.show_rows(result.bad)
        self.completeChanged.emit()

    def _say(self, sentence: str, level: str) -> None:
        self.headline.setText(sentence)
        mark(self.headline, role="title", level=level)
