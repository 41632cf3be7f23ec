"""Notices in a bar above the plots: one sentence each, details on request, never a stack of message boxes."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.theme import icon, mark
from workbench.desktop.widgets import tool_button

MOST = 3  # shown at once; the oldest goes first
DETAILS_HEIGHT = 130
ICONS = {
    "": ("info", "accent"),
    "good": ("check", "good"),
    "warning": ("warning", "warning"),
    "bad": ("error", "bad"),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """``key``: a notice of the same key takes its place. ``offers``: button text → what it does, once."""

    sentence: str
    level: str = ""  # good, warning, bad; empty: news
    details: str = ""
    key: str = ""
    offers: Sequence[tuple[str, Callable[[], object]]] = field(default=())


class NoticeFrame(QFrame):
    def __init__(self, notice: Notice, bar: "NoticeBar") -> None:
        super().__init__()
        self.notice, self._bar = notice, bar
        self.setObjectName("notice")
        self.setProperty("role", "notice")
        self.setProperty("level", notice.level)
        self.setAccessibleName(notice.sentence)
        picture = QLabel()
        picture.setPixmap(icon(*ICONS[notice.level]).pixmap(QSize(16, 16)))
        self.sentence = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.sentence.setText(_breakable(notice.sentence))
        self.sentence.setObjectName("notice-sentence")
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.sentence, 1)
        for text, act in notice.offers:
            row.addWidget(self._offer(text, act), 0, Qt.AlignmentFlag.AlignTop)
        self.details = QPlainTextEdit(notice.details, readOnly=True)
        self.details.setObjectName("notice-details")
        self.details.setAccessibleName("Details")
        self.details.setFixedHeight(DETAILS_HEIGHT)
        self.details.hide()
        if notice.details:
            self._add_details(row)
        close = tool_button("close", "notice-dismiss", "Dismiss")
        close.clicked.connect(self._dismiss)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 8, 6)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self.details)

    def _add_details(self, row: QHBoxLayout) -> None:
        more = QPushButton("Details")
        more.setCheckable(True)
        more.setObjectName("notice-more")
        more.toggled.connect(self.details.setVisible)
        copy = QPushButton("Copy")
        copy.setObjectName("notice-copy")
        copy.clicked.connect(self._copy)
        for button in (more, copy):
            mark(button, quiet=True)
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)

    def _offer(self, text: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName("notice-offer")
        button.clicked.connect(self._dismiss)
        button.clicked.connect(lambda: act())
        return button

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(f"{self.notice.sentence}\n\n{self.notice.details}")

    @Slot()
    def _dismiss(self) -> None:
        self._bar.dismiss(self)


class NoticeBar(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice-bar")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.frames: list[NoticeFrame] = []
        self.hide()

    @Slot(object)
    def show_notice(self, notice: Notice) -> None:
        for frame in [f for f in self.frames if notice.key and f.notice.key == notice.key]:
            self.dismiss(frame)
        frame = NoticeFrame(notice, self)
        self.frames.append(frame)
        self._column.addWidget(frame)
        self.show()
        if len(self.frames) > MOST:
            self.dismiss(self.frames[0])

    def dismiss(self, frame: NoticeFrame) -> None:
        if frame in self.frames:
            self.frames.remove(frame)
            self._column.removeWidget(frame)
            frame.hide()
            frame.deleteLater()
        self.setVisible(bool(self.frames))

    def clear(self) -> None:
        for frame in tuple(self.frames):
            self.dismiss(frame)

    def withdraw(self, key: str) -> None:
        for frame in [f for f in self.frames if f.notice.key == key]:
            self.dismiss(frame)

    def sentences(self) -> list[str]:
        return [frame.notice.sentence for frame in self.frames]


def _breakable(sentence: str) -> str:
    """Plain text that may also break inside a long path."""
    return html.escape(sentence).replace("/", "/&#8203;").replace("_", "_&#8203;")
