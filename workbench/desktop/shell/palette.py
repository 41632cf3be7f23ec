"""Every command by its name: type a few letters, press Return. What cannot be done now says why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QAction, QColor, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.theme import CAPTION, interface_font, tokens_of
from workbench.desktop.widgets import clearable, tip

if TYPE_CHECKING:
    from workbench.desktop.main_window import MainWindow

SIZE = QSize(560, 420)
ROW, INSET = 40, 12  # logical pixels
ACTION = Qt.ItemDataRole.UserRole
MOVES = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)
Index = QModelIndex | QPersistentModelIndex


def command_groups(window: MainWindow) -> list[tuple[str, list[QAction]]]:
    """Every action of the window under its heading."""
    actions = window.actions_by_name
    names = dict.fromkeys(spec.group for spec in actions.specs.values())
    groups = [(g, [actions[s.name] for s in actions.specs.values() if s.group == g]) for g in names]
    groups.insert(3, ("Facts", list(window.facts.actions_by_name.actions.values())))
    groups.append(("Plots", [*window.plots.plot_actions, *window.plots.axis_actions]))
    groups.append(("Go to", window.navigation.actions))
    return groups


class CommandPalette(QDialog):
    """``commands``: group → its actions. Chosen actions are triggered once the dialog is gone."""

    def __init__(
        self, commands: Sequence[tuple[str, Sequence[QAction]]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("command-palette")
        self.setWindowTitle("Commands")
        self.field = QLineEdit(placeholderText="Type what you want to do")
        clearable(self.field)
        self.field.setObjectName("palette-field")
        self.field.setAccessibleName("Command")
        self.list = QListWidget()
        self.list.setObjectName("palette-list")
        self.list.setAccessibleName("Commands that match")
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(_Row(self.list))
        self._items = [self._item(group, action) for group, actions in commands for action in actions]
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.field)
        column.addWidget(self.list, 1)
        self.resize(SIZE)
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._filter)
        self.field.returnPressed.connect(self._choose)
        self.list.itemActivated.connect(self._choose)
        self.list.itemClicked.connect(self._choose)
        self._filter("")

    def shown(self) -> list[QAction]:
        """Those that match, in their order."""
        return [item.data(ACTION) for item in self._items if not item.isHidden()]

    def _item(self, group: str, action: QAction) -> QListWidgetItem:
        name = action.text().replace("&", "")
        item = QListWidgetItem(f"{group}: {name}", self.list)
        item.setData(ACTION, action)
        item.setSizeHint(QSize(0, ROW))
        item.setToolTip(tip(action.statusTip()))
        said = f"{group}: {name}. {action.statusTip()}"
        item.setData(
            Qt.ItemDataRole.AccessibleTextRole, said if action.isEnabled() else f"{said} Not possible now."
        )
        return item

    @Slot(str)
    def _filter(self, text: str) -> None:
        """Every word typed is somewhere in what a command is called or what it is for."""
        words = text.lower().split()
        for item in self._items:
            action: QAction = item.data(ACTION)
            hay = f"{item.text()} {action.statusTip()}".lower()
            item.setHidden(not all(word in hay for word in words))
        first = next((item for item in self._ranked(words) if not item.isHidden()), None)
        self.list.setCurrentRow(-1 if first is None else self.list.row(first))

    def _ranked(self, words: Sequence[str]) -> list[QListWidgetItem]:
        """Those that carry the words in their name come before those that only speak of them."""
        return sorted(self._items, key=lambda item: not all(word in item.text().lower() for word in words))

    @Slot()
    def _choose(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        action: QAction = item.data(ACTION)
        if action.isEnabled():
            self.accept()
            QTimer.singleShot(0, action, action.trigger)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The arrows move in the list while the field keeps the keyboard."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in MOVES:
            QApplication.sendEvent(self.list, event)
            return True
        return super().eventFilter(watched, event)


class _Row(QStyledItemDelegate):
    """Name and key above; below what it is for, or why it cannot be done now."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        action: QAction = index.data(ACTION)
        tokens, box = tokens_of(option.palette), option.rect.adjusted(INSET, 3, -INSET, -3)
        painter.save()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        dim = tokens.ink if selected else tokens.dim
        if selected:
            painter.fillRect(option.rect, QColor(tokens.selection))
        upper, lower = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        painter.setFont(option.font)
        painter.setPen(QColor(tokens.ink if action.isEnabled() else dim))
        painter.drawText(box, upper | Qt.AlignmentFlag.AlignLeft, str(index.data()))
        painter.setPen(QColor(dim))
        painter.drawText(box, upper | Qt.AlignmentFlag.AlignRight, keys)
        painter.setFont(interface_font(CAPTION))
        if not action.isEnabled() and not selected:
            painter.setPen(QColor(tokens.warning))
        said = painter.fontMetrics().elidedText(action.statusTip(), Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, lower | Qt.AlignmentFlag.AlignLeft, said)
        painter.restore()
