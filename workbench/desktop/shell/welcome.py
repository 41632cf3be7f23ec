"""What a person sees first: three ways to begin, and the sessions opened last."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.shell.session_list import SessionList
from workbench.desktop.theme import application_icon, icon, mark
from workbench.desktop.widgets import Sentence, label, row, tip

WIDTH, DOOR_HEIGHT = 760, 136
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
        self.sentence = label(sentence, "dim")
        for part in (Picture(picture, "accent", 22), label(title, "title"), self.sentence):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            column.addWidget(part)
        column.addStretch(1)

    def say(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self.setAccessibleDescription(sentence)


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
        self.recent_says = Sentence("welcome-recent-says")
        self.recent.said.connect(self.recent_says.say)
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
        column.addWidget(self.recent_says)
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
        self.back.setToolTip("Esc")
        self.back.setVisible(bool(begun))
        for name, _, _, sentence in DOORS:
            self.doors[name].say(sentence)
        if begun:
            self.doors["starter"].say(
                f"A new session with SmolLM2, 135 M parameters, and facts. {begun} is saved."
            )
            self.doors["model"].say(
                f"Into {begun}, which stays open: a folder, a GGUF file, or one from the hub."
            )
            self.doors["session"].say(
                f"In place of {begun}, which is saved: facts, runs and curves of earlier work."
            )
        self.recent_says.say("")
        self.recent.fill(folders)
        self.recent_title.setVisible(bool(folders))
        self.recent.setVisible(bool(folders))

    def minimumSizeHint(self) -> QSize:
        """None of its own: it stands without the docks, whose window must not be higher for its sake."""
        return QSize(0, 0)

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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and not self.back.isHidden():
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.ignore()
