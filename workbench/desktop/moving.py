"""Moving in a list always selects: with Ctrl held, Qt moves the cursor alone and leaves a selection out of sight."""

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QTableView, QTreeView

Index = QModelIndex | QPersistentModelIndex
_Key = Qt.Key
_MOVES = {
    _Key.Key_Home, _Key.Key_End, _Key.Key_Up, _Key.Key_Down, _Key.Key_Left, _Key.Key_Right, _Key.Key_PageUp,
    _Key.Key_PageDown,
}  # fmt: skip


def without_ctrl(event: QEvent | None) -> QEvent | None:
    """For ``selectionCommand``: the key that moves, as if Ctrl were not held; any other event as it is."""
    if not isinstance(event, QKeyEvent) or event.key() not in _MOVES:
        return event
    held = event.modifiers() & ~Qt.KeyboardModifier.ControlModifier
    return QKeyEvent(event.type(), event.key(), held)


class SelectingTable(QTableView):
    def selectionCommand(
        self, index: Index, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        return super().selectionCommand(index, without_ctrl(event))


class SelectingTree(QTreeView):
    def selectionCommand(
        self, index: Index, event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        return super().selectionCommand(index, without_ctrl(event))
