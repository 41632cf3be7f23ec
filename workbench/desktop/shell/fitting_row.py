"""Buttons in a row, as many as fit; what the others do is in the menu at its end."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from workbench.desktop.shell.action_button import ActionButton
from workbench.desktop.theme import mark
from workbench.desktop.widgets import tool_button

SPACING = 8  # logical pixels
LINE, STRETCH = "", "<>"  # in an order of names


class FittingRow(QWidget):
    """``order``: names of actions, with LINE (one at most) and STRETCH between them; ``leaving``: which leave a row
    that is too narrow, first to last; ``prefix``: begins the names of the buttons."""

    def __init__(
        self,
        actions_by_name: dict[str, QAction],
        order: Sequence[str],
        leaving: Sequence[str],
        prefix: str,
        quiet: bool = False,
    ) -> None:
        super().__init__()
        self._leaving = tuple(leaving)
        self.primary = ""  # never leaves
        self.buttons = {
            name: ActionButton(actions_by_name[name], f"{prefix}-{name}")
            for name in order
            if name not in (LINE, STRETCH)
        }
        for button in self.buttons.values() if quiet else ():
            mark(button, quiet=True)
        self._line = QFrame()
        self._line.setProperty("role", "upright")
        self._before_line = order[: order.index(LINE)] if LINE in order else ()
        self.more = _more_button(prefix)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING)
        for name in order:
            if name == STRETCH:
                row.addStretch(1)
            else:
                row.addWidget(self.buttons.get(name, self._line))
        row.addWidget(self.more)

    def fit(self, primary: str | None = None) -> None:
        """``primary``: None: the same as before."""
        self.primary = self.primary if primary is None else primary
        leaving = iter(name for name in self._leaving if name != self.primary)
        kept = dict.fromkeys(self.buttons)
        while self._needed(kept) > self.contentsRect().width() and (name := next(leaving, "")):
            del kept[name]
        for name, button in self.buttons.items():
            button.setVisible(name in kept)
        self._line.setVisible(any(name in kept for name in self._before_line))
        gone = [button.action for name, button in self.buttons.items() if name not in kept]
        self.more.setVisible(bool(gone))
        if self.more.menu().actions() != gone:
            self.more.menu().clear()
            self.more.menu().addActions(gone)

    def _needed(self, names: Iterable[str]) -> int:
        shown: list[QWidget] = [self.buttons[name] for name in names]
        if len(shown) < len(self.buttons):
            shown.append(self.more)
        if self._before_line:
            shown.append(self._line)
        return sum(part.sizeHint().width() for part in shown) + SPACING * (len(shown) - 1)

    def minimumSizeHint(self) -> QSize:
        """Of a bar with one button, so that the window may be as narrow as it likes."""
        widest = max(button.sizeHint().width() for button in self.buttons.values())
        margins = self.contentsMargins()
        width = widest + SPACING + self.more.sizeHint().width() + margins.left() + margins.right()
        return QSize(width, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def event(self, event: QEvent) -> bool:
        """A text that changes, changes what fits."""
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.fit()
        return handled


def _more_button(prefix: str) -> QToolButton:
    more = tool_button("more", f"{prefix}-more", "More actions")
    menu = QMenu(more)
    menu.setToolTipsVisible(True)
    more.setMenu(menu)
    more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    more.setStyleSheet("QToolButton::menu-indicator { image: none; }")
    more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    more.hide()
    return more
