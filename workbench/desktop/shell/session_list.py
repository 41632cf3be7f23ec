"""The sessions opened last: model, facts, last scores and last change of each; renamed in place."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from workbench.desktop.background import Background
from workbench.desktop.theme import icon
from workbench.desktop.widgets import tip
from workbench.errors import WorkbenchError
from workbench.evaluation.titles import TITLES
from workbench.facts.text import count

if TYPE_CHECKING:
    from workbench.session.summary import Summary

ROW, MOST_ROWS = 34, 6
SHOWN = ("generated", "generated_chat", "es", "locality_kept", "perplexity")  # the first two that there are
SHORT = {"generated": "says it", "generated_chat": "in the chat", "es": "ES", "locality_kept": "kept"}
HELP = "Return or a click opens it, F2 renames it"
FOLDER = Qt.ItemDataRole.UserRole
ABOUT = Qt.ItemDataRole.UserRole + 1  # what stands behind the name


class SessionList(QListWidget):
    chosen = Signal(str)
    renamed = Signal(str, str)  # from which folder to which
    said = Signal(str, str)  # a sentence and its kind

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("welcome-recent")
        self.setAccessibleName("Recent sessions")
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.itemClicked.connect(self._choose)
        self.itemChanged.connect(self._changed)
        self.setItemDelegate(_WithAbout(self))
        self._reading = Background(self)
        self._reading.finished.connect(self._tell)

    def fill(self, folders: Sequence[Path]) -> None:
        self.clear()
        for folder in folders:
            item = QListWidgetItem(icon("open", "dim"), folder.stem)
            item.setData(FOLDER, str(folder))
            item.setToolTip(tip(f"{folder}\n{HELP}"))
            item.setSizeHint(QSize(0, ROW))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self.addItem(item)
        if folders:
            self.setCurrentRow(0)
        self.setFixedHeight(min(max(len(folders), 1), MOST_ROWS) * ROW + 4)
        self._reading.start(lambda _tell, cancel: _summaries(folders, cancel))

    def about(self, row: int) -> str:
        """What stands behind the name."""
        return str(self.item(row).data(ABOUT) or "")

    def close_threads(self) -> None:
        self._reading.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
            self._choose(item)
        elif event.key() == Qt.Key.Key_F2 and item is not None:
            self.editItem(item)
        else:
            super().keyPressEvent(event)

    @Slot(QListWidgetItem)
    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(FOLDER))

    @Slot(QListWidgetItem)
    def _changed(self, item: QListWidgetItem) -> None:
        from workbench.session.renaming import renamed

        folder, name = _folder(item), item.text().strip()
        if name == folder.stem:
            return
        try:
            at = renamed(folder, name)
        except WorkbenchError as error:
            self.said.emit(str(error), "bad")
            item.setText(folder.stem)
            return
        item.setData(FOLDER, str(at))
        item.setText(at.stem)
        item.setToolTip(tip(f"{at}\n{HELP}"))
        self.said.emit("", "")
        self.renamed.emit(str(folder), str(at))

    @Slot(object)
    def _tell(self, found: "dict[str, Summary]") -> None:
        for i in range(self.count()):
            item = self.item(i)
            if known := found.get(item.data(FOLDER)):
                item.setData(ABOUT, _in_words(known))
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{item.text()}, {item.data(ABOUT)}")


class _WithAbout(QStyledItemDelegate):
    """Draws what is known of a session behind its name; the name alone is edited."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        if about := index.data(ABOUT):
            option.text = f"{option.text}   ·   {about}"


def _folder(item: QListWidgetItem) -> Path:
    return Path(item.data(FOLDER))


def _summaries(folders: Sequence[Path], cancel: Event) -> "dict[str, Summary]":
    from workbench.session.summary import summary

    found = ((folder, summary(folder)) for folder in folders if not cancel.is_set())
    return {str(folder): known for folder, known in found if known is not None}


def _in_words(known: "Summary") -> str:
    scores = [name for name in SHOWN if name in known.scores][:2]
    said = [
        known.model or "no model yet",
        count(known.facts, "fact"),
        ", ".join(f"{SHORT.get(name, TITLES[name])} {known.scores[name]:.2f}" for name in scores),
        f"{known.changed:%d %b %Y, %H:%M}",
    ]
    return "   ·   ".join(filter(None, said))
