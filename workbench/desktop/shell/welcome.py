"""What a person sees first: three ways to begin, and the sessions opened last."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.theme import application_icon, icon, mark
from workbench.desktop.widgets import label, row, tip
from workbench.desktop.words import breakable

WIDTH, DOOR_HEIGHT, ROW = 760, 136, 34
DOORS = (
    ("starter", "play", "Open the starter session", "A small model (SmolLM2, 135 M parameters) and facts to edit."),
    ("model", "model", "Load a model…", "A folder, a GGUF file, or a model from the hub. Memory is estimated first."),
    ("session", "open", "Open a session…", "Facts, runs and curves of earlier work; an unfinished run goes on."),
)  # fmt: skip


class Picture(QLabel):
    """An icon in a colour of the theme, whichever that is by then."""

    def __init__(self, name: str, token: str, side: int) -> None:
        super().__init__()
        self._icon = icon(name, token)
        self.setFixedSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        self._icon.paint(QPainter(self), self.rect())


class Door(QPushButton):
    """A large button: icon, title, one sentence."""

    def __init__(self, name: str, picture: str, title: str, sentence: str) -> None:
        super().__init__()
        self.setObjectName(f"welcome-{name}")
        self.setAccessibleName(title)
        self.setAccessibleDescription(sentence)
        self.setAutoDefault(True)  # Return opens it too
        self.setStyleSheet(f"QPushButton {{ min-height: {DOOR_HEIGHT}px; padding: 0; }}")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(8)
        for part in (Picture(picture, "accent", 22), label(title, "title"), label(sentence, "dim")):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            column.addWidget(part)
        column.addStretch(1)


class SessionList(QListWidget):
    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("welcome-recent")
        self.setAccessibleName("Recent sessions")
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.itemClicked.connect(self._choose)

    def fill(self, folders: Sequence[Path]) -> None:
        self.clear()
        for folder in folders:
            item = QListWidgetItem(icon("open", "dim"), f"{folder.stem}   ·   {_when(folder)}", self)
            item.setData(Qt.ItemDataRole.UserRole, str(folder))
            item.setToolTip(tip(str(folder)))
            item.setSizeHint(QSize(0, ROW))
        if folders:
            self.setCurrentRow(0)
        self.setFixedHeight(min(max(len(folders), 1), 6) * ROW + 4)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentItem() is not None:
            self._choose(self.currentItem())
        else:
            super().keyPressEvent(event)

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(str(item.data(Qt.ItemDataRole.UserRole)))


class WelcomePage(QWidget):
    starter_wanted = Signal()
    model_wanted = Signal()
    session_wanted = Signal()
    recent_wanted = Signal(str)
    empty_wanted = Signal()
    left = Signal()  # to the session that is open

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("welcome-page")
        self.doors = {door[0]: Door(*door) for door in DOORS}
        for name, signal in (("starter", self.starter_wanted), ("model", self.model_wanted),
                             ("session", self.session_wanted)):  # fmt: skip
            self.doors[name].clicked.connect(signal)
        self.recent = SessionList()
        self.recent.chosen.connect(self.recent_wanted)
        self.recent_title = label("Recent sessions", "group")
        self.skip = QPushButton("Begin with empty lists")
        self.skip.setObjectName("welcome-skip")
        self.skip.setAutoDefault(True)
        mark(self.skip, quiet=True)
        self.skip.clicked.connect(self.empty_wanted)
        self.back = QPushButton()
        self.back.setObjectName("welcome-back")
        self.back.setAutoDefault(True)
        mark(self.back, quiet=True)
        self.back.clicked.connect(self.left)
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addStretch(2)
        column.addLayout(self._heading())
        column.addSpacing(16)
        doors = QHBoxLayout()
        doors.setSpacing(12)
        for door in self.doors.values():
            doors.addWidget(door, 1)
        column.addLayout(doors)
        column.addSpacing(4)
        column.addLayout(row(self.skip, self.back, 1))
        column.addSpacing(12)
        column.addWidget(self.recent_title)
        column.addWidget(self.recent)
        column.addStretch(3)
        middle = QFrame()
        middle.setMaximumWidth(WIDTH)
        middle.setLayout(column)
        outer = QHBoxLayout(self)
        outer.addStretch(1)
        outer.addWidget(middle, 1_000)
        outer.addStretch(1)

    def fill(self, folders: Sequence[Path], begun: str) -> None:
        """``begun``: name of what the window holds already; empty: nothing."""
        self.back.setText(f"Back to {begun}".replace("&", "&&"))
        self.back.setVisible(bool(begun))
        self.recent.fill(folders)
        self.recent_title.setVisible(bool(folders))
        self.recent.setVisible(bool(folders))

    def permit(self, reason: str) -> None:
        """Why nothing can be opened now; empty: it can."""
        for part in (*self.doors.values(), self.skip, self.recent):
            part.setEnabled(not reason)
            part.setToolTip(tip(reason))

    def _heading(self) -> QHBoxLayout:
        picture = QLabel()
        picture.setPixmap(application_icon().pixmap(QSize(48, 48)))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label("StableEdit Workbench", "headline"))
        words.addWidget(
            label(
                "Change what a language model knows, fact after fact, and see whether it stays sound.", "dim"
            )
        )
        heading = QHBoxLayout()
        heading.setSpacing(16)
        heading.addWidget(picture)
        heading.addLayout(words, 1)
        return heading

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.ignore()


def _when(folder: Path) -> str:
    try:
        changed = datetime.fromtimestamp((folder / "session.db").stat().st_mtime)
    except OSError:
        return breakable(str(folder.parent))
    return f"{changed:%d %B %Y, %H:%M}   ·   {folder.parent}"
