"""The log dock: plain text, filtered by level, to be copied."""

import logging
from datetime import datetime

from PySide6.QtCore import Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from workbench.desktop.log.handler import MOST, Entry, LogKeeper
from workbench.desktop.theme import CAPTION, icon
from workbench.desktop.widgets import clearable, label, line, row, tip
from workbench.storage.log_file import OWN, log_path

LEVELS = (
    ("Everything", logging.INFO),
    ("Warnings and errors", logging.WARNING),
    ("Errors only", logging.ERROR),
)


class LogPanel(QWidget):
    def __init__(self, keeper: LogKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("log-panel")
        self._keeper = keeper
        self._shown = 0  # of keeper.total
        self.level = QComboBox()
        self.level.setObjectName("log-level")
        self.level.setAccessibleName("What is shown")
        self.level.setToolTip(tip(f"What libraries warn of is in the log file only: {log_path()}"))
        for text, level in LEVELS:
            self.level.addItem(text, level)
        self.search = QLineEdit(placeholderText="Only lines that hold…")
        clearable(self.search)
        self.search.setObjectName("log-search")
        self.search.setAccessibleName("Filter the log")
        self.copy_button = QPushButton(icon("copy"), "Copy")
        self.copy_button.setObjectName("log-copy")
        self.copy_button.setToolTip("Copy what is shown")
        self.text = QPlainTextEdit(readOnly=True)
        self.text.setObjectName("log-text")
        self.text.setAccessibleName("Log")
        self.text.setStyleSheet("QPlainTextEdit { border: none; background: transparent; }")
        self.text.setMaximumBlockCount(10 * MOST)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(int(CAPTION))
        self.text.setFont(font)
        self.text.setPlaceholderText("Nothing has been logged yet.")
        top = row(label("Show", "dim", wrap=False), self.level, self.search, self.copy_button)
        top.setContentsMargins(12, 8, 12, 8)
        top.setStretch(2, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(line())
        column.addWidget(self.text, 1)
        keeper.added.connect(self._add)
        self.level.activated.connect(self._show_all)
        self.search.textChanged.connect(self._show_all)
        self.copy_button.clicked.connect(self._copy)
        self._show_all()

    @Slot()
    def _add(self) -> None:
        new = min(self._keeper.total - self._shown, len(self._keeper.entries))
        self._append(list(self._keeper.entries)[len(self._keeper.entries) - new :])
        self._shown = self._keeper.total

    @Slot()
    def _show_all(self) -> None:
        self.text.clear()
        self._append(list(self._keeper.entries))
        self._shown = self._keeper.total

    def _append(self, entries: list[Entry]) -> None:
        """What is seen stays where it is, but at the end, which is followed."""
        level, wanted = int(self.level.currentData()), self.search.text().casefold()
        lines = [_line(e) for e in entries if e.level >= level]
        lines = [text for text in lines if wanted in text.casefold()]
        if lines:
            bar = self.text.verticalScrollBar()
            at_end = bar.value() == bar.maximum()
            self.text.appendPlainText("\n".join(lines))
            if at_end:
                bar.setValue(bar.maximum())

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())


def _line(entry: Entry) -> str:
    when = datetime.fromtimestamp(entry.time)
    word = logging.getLevelName(entry.level).lower()
    source = "" if entry.source == OWN else f"{entry.source}: "
    return f"{when:%H:%M:%S}  {word:<8} {source}{entry.text}"
