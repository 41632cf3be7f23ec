"""Notices in one place that floats over the content: one sentence at a time, details on request."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent
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
from workbench.desktop.widgets import row, tool_button

MOST = 3  # kept; the oldest goes first
DETAILS_HEIGHT = 130  # logical pixels, where there is room
WIDEST, MARGIN = 620, 12  # logical pixels
BRIEF_MS = 10_000  # that good news with nothing to decide stays
ICONS = {
    "": ("info", "accent"),
    "good": ("check", "good"),
    "warning": ("warning", "warning"),
    "bad": ("error", "bad"),
}


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Notice:
    """``key``: a notice of the same key takes its place. ``offers``: button text → what it does, once. ``holds``:
    whether what it says still does; asked whenever the window's state changes."""

    sentence: str
    level: str = ""  # good, warning, bad; empty: news
    details: str = ""
    key: str = ""
    offers: Sequence[tuple[str, Callable[[], object]]] = field(default=())
    holds: Callable[[], bool] = _always

    @property
    def is_brief(self) -> bool:
        return self.level == "good" and not self.details and not self.offers


class NoticeFrame(QFrame):
    def __init__(self, notice: Notice, bar: "NoticeBar") -> None:
        super().__init__()
        self.notice, self._bar = notice, bar
        self.setObjectName("notice")
        self.setProperty("role", "notice")
        self.setProperty("level", notice.level)
        self.setAccessibleName(notice.sentence)
        self.sentence = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.sentence.setText(_breakable(notice.sentence))
        self.sentence.setObjectName("notice-sentence")
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.details = QPlainTextEdit(notice.details, readOnly=True)
        self.details.setObjectName("notice-details")
        self.details.setAccessibleName("Details")
        self.details.setMinimumHeight(DETAILS_HEIGHT // 3)
        self.details.setMaximumHeight(DETAILS_HEIGHT)
        self.details.hide()
        self.others = QPushButton()
        self.others.setObjectName("notice-others")
        self.others.setToolTip("Show the one before")
        self.others.clicked.connect(bar.turn)
        mark(self.others, quiet=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 8, 8)
        column.setSpacing(6)
        column.addLayout(self._upper_row())
        if buttons := self._buttons():
            column.addLayout(row(1, *buttons))
        column.addWidget(self.details)

    def show_number(self, others: int) -> None:
        """How many notices wait behind this one."""
        self.others.setText(f"{others} more")
        self.others.setVisible(others > 0)

    def _upper_row(self) -> QHBoxLayout:
        picture = QLabel()
        picture.setPixmap(icon(*ICONS[self.notice.level]).pixmap(QSize(16, 16)))
        close = tool_button("close", "notice-dismiss", "Dismiss (Esc)")
        close.clicked.connect(self._dismiss)
        upper = QHBoxLayout()
        upper.setSpacing(8)
        upper.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        upper.addWidget(self.sentence, 1)
        for part in (self.others, close):
            upper.addWidget(part, 0, Qt.AlignmentFlag.AlignTop)
        return upper

    def _buttons(self) -> list[QPushButton]:
        buttons = []
        if self.notice.details:
            more, copy = QPushButton("Details"), QPushButton("Copy")
            more.setObjectName("notice-more")
            more.setCheckable(True)
            more.toggled.connect(self.details.setVisible)
            copy.setObjectName("notice-copy")
            copy.clicked.connect(self._copy)
            for button in (more, copy):
                mark(button, quiet=True)
            buttons = [more, copy]
        return buttons + [self._offer(text, act) for text, act in self.notice.offers]

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
    """Over the lower right corner of its parent, which it neither moves nor grows; the newest notice is in front."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("notice-bar")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.frames: list[NoticeFrame] = []  # oldest first
        self._brief = QTimer(self, singleShot=True, interval=BRIEF_MS)
        self._brief.timeout.connect(self._end_brief)
        parent.installEventFilter(self)
        self.hide()

    @Slot(object)
    def show_notice(self, notice: Notice) -> None:
        for frame in [
            f for f in self.frames if f.notice.is_brief or (notice.key and f.notice.key == notice.key)
        ]:
            self.dismiss(frame)
        frame = NoticeFrame(notice, self)
        self.frames.append(frame)
        self._column.addWidget(frame)
        if len(self.frames) > MOST:
            self.dismiss(self.frames[0])
        self._show_front()
        if notice.is_brief:
            self._brief.start()

    def dismiss(self, frame: NoticeFrame) -> None:
        if frame in self.frames:
            self.frames.remove(frame)
            self._column.removeWidget(frame)
            frame.hide()
            frame.deleteLater()
            self._show_front()

    def clear(self) -> None:
        for frame in tuple(self.frames):
            self.dismiss(frame)

    def withdraw(self, *keys: str) -> None:
        for frame in [f for f in self.frames if f.notice.key in keys]:
            self.dismiss(frame)

    def review(self) -> None:
        """What no longer holds goes."""
        for frame in [f for f in self.frames if not f.notice.holds()]:
            self.dismiss(frame)

    def sentences(self) -> list[str]:
        return [frame.notice.sentence for frame in self.frames]

    @Slot()
    def turn(self) -> None:
        """The one before comes to the front."""
        self.frames.insert(0, self.frames.pop())
        self._show_front()

    def _show_front(self) -> None:
        for frame in self.frames:
            frame.setVisible(frame is self.frames[-1])
            frame.show_number(len(self.frames) - 1)
        self.setVisible(bool(self.frames))
        self.raise_()
        self._place()

    def _place(self) -> None:
        parent = self.parentWidget()
        assert parent is not None
        room = parent.rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        self._column.activate()
        width = min(WIDEST, room.width())
        height = min(self._column.totalHeightForWidth(width), room.height())
        self.setGeometry(room.right() - width + 1, room.bottom() - height + 1, width, height)

    @Slot()
    def _end_brief(self) -> None:
        """Not under the pointer."""
        for frame in [f for f in self.frames if f.notice.is_brief]:
            if frame.underMouse():
                self._brief.start()
            else:
                self.dismiss(frame)

    # Qt

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._place()
        return handled

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.frames:
            self.dismiss(self.frames[-1])
        else:
            super().keyPressEvent(event)


def _breakable(sentence: str) -> str:
    """Plain text that may also break inside a long path."""
    return html.escape(sentence).replace("/", "/&#8203;").replace("_", "_&#8203;")
