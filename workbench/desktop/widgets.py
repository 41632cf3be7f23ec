"""Small parts that several panels share."""

import html

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.theme import icon, mark
from workbench.desktop.words import size_in_words

LONGEST_TIP = 1_500  # characters
Policy = QSizePolicy.Policy


def tip(text: str) -> str:
    """As a tooltip that wraps and never takes the text for markup."""
    if not text:
        return ""
    cut = text if len(text) <= LONGEST_TIP else text[: LONGEST_TIP - 1] + "…"
    return f"<p style='white-space: pre-wrap'>{html.escape(cut)}</p>"


def literal(text: str) -> str:
    """For what Qt itself decides to take for markup: the label of a ready-made dialog, the tooltip of an action."""
    return tip(text) if "<" in text or "&lt;" in text else text  # as Qt tells it


def label(text: str = "", role: str = "", wrap: bool = True) -> QLabel:
    """Plain text, whatever the text holds."""
    made = QLabel(text, textFormat=Qt.TextFormat.PlainText, wordWrap=wrap)
    if role:
        made.setProperty("role", role)
    return made


def line() -> QFrame:
    made = QFrame()
    made.setProperty("role", "line")
    return made


def push_button(text: str, object_name: str, help: str = "") -> QPushButton:
    """Not the default of its dialog; ``help``: its tooltip."""
    made = QPushButton(text)
    made.setAutoDefault(False)
    made.setObjectName(object_name)
    made.setToolTip(tip(help))
    return made


def tool_button(icon_name: str, object_name: str, help: str, token: str = "dim") -> QToolButton:
    """``help`` is also how it is read out."""
    made = QToolButton()
    made.setIcon(icon(icon_name, token))
    made.setObjectName(object_name)
    made.setToolTip(tip(help))
    made.setAccessibleName(help)
    return made


def permit(widget: QWidget, reason: str, help: str = "") -> None:
    """Enables the widget with its ``help`` as the tooltip, or disables it with the reason as the tooltip."""
    widget.setEnabled(not reason)
    widget.setToolTip(tip(reason or help))


class Sentence(QLabel):
    """One sentence that takes no room while it is empty. ``level``: good, warning, bad, or empty for dim."""

    def __init__(self, object_name: str) -> None:
        super().__init__(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self.setObjectName(object_name)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def say(self, text: str, level: str = "") -> None:
        self.setText(text)
        self.setAccessibleName(text)
        mark(self, role="caption" if not level else "", level=level)
        self.setVisible(bool(text))


class ElidedLabel(QLabel):
    """One line, cut in the middle where it must be, whole in the tooltip."""

    def __init__(self, role: str = "") -> None:
        super().__init__(textFormat=Qt.TextFormat.PlainText)
        self._whole = ""
        if role:
            self.setProperty("role", role)
        self.setSizePolicy(Policy.Ignored, Policy.Fixed)

    def set_whole(self, text: str, tooltip: str = "") -> None:
        self._whole = text
        self.setToolTip(tip(tooltip or text))
        self.setAccessibleName(text)
        self._elide()

    def _elide(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width()))

    def resizeEvent(self, event: object) -> None:  # noqa: ARG002
        self._elide()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.fontMetrics().height())


class Fold(QWidget):
    """A heading that shows or hides what is below it."""

    toggled = Signal(bool)

    def __init__(self, title: str, object_name: str, content: QWidget) -> None:
        super().__init__()
        self._title = title
        self.content = content
        self.button = QToolButton()
        self.button.setText(title)
        self.button.setCheckable(True)
        self.button.setObjectName(object_name)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.toggled.connect(self._set_open)
        self.button.setStyleSheet(
            "QToolButton { padding: 3px 6px 3px 0; } QToolButton:checked:!hover { background: transparent; }"
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        column.addWidget(content)
        self._set_open(False)

    def set_remark(self, remark: str) -> None:
        """Said beside the title, so that what is folded is not forgotten."""
        self.button.setText(f"{self._title} · {remark}" if remark else self._title)

    @Slot(bool)
    def _set_open(self, open_: bool) -> None:
        self.content.setVisible(open_)
        self.button.setIcon(icon("chevron-down" if open_ else "chevron-right", "dim"))
        self.button.setChecked(open_)
        self.toggled.emit(open_)


class ProgressRow(QWidget):
    """What a long operation is at, in words and as a bar."""

    def __init__(self, object_name: str) -> None:
        super().__init__()
        self.setObjectName(object_name)
        self.words = label("", "caption")
        self.bar = QProgressBar(textVisible=False)
        self.bar.setAccessibleName("Progress")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.words)
        column.addWidget(self.bar)

    def begin(self, words: str) -> None:
        self.words.setText(words)
        self.bar.setRange(0, 0)
        self.bar.reset()

    def show_stage(self, stage: str, done: int, total: int, unit: str) -> None:
        """``total`` 0: not known. Bytes are said as sizes."""
        amount = ""
        if total > 0:
            said = [size_in_words(n) if unit == "bytes" else f"{n:,}" for n in (done, total)]
            amount = f" · {said[0]} of {said[1]}" + ("" if unit == "bytes" else f" {unit}")
        self.words.setText(f"{stage[:1].upper()}{stage[1:]}{amount}")
        self.bar.setRange(0, 1_000 if total > 0 else 0)
        if total > 0:
            self.bar.setValue(min(1_000, 1_000 * done // total))


def clearable(field: QLineEdit) -> None:
    """With the button that empties it, which Qt leaves without a name."""
    field.setClearButtonEnabled(True)
    for button in field.findChildren(QToolButton):
        button.setAccessibleName("Clear")
        button.setToolTip("Clear")


def scrolled(content: QWidget, name: str) -> QScrollArea:
    """Up and down only; ``name``: how it is read out."""
    area = QScrollArea(widgetResizable=True)
    area.setAccessibleName(name)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(content)
    return area


def row(*parts: QWidget | int, spacing: int = 8) -> QHBoxLayout:
    """Widgets side by side; an int is a stretch."""
    made = QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(spacing)
    for part in parts:
        if isinstance(part, int):
            made.addStretch(part)
        else:
            made.addWidget(part)
    return made


def stacked(*parts: QWidget) -> QWidget:
    """One above the other without gaps, the last one stretched."""
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for part in parts:
        column.addWidget(part, int(part is parts[-1]))
    return page
