"""The menu bar, from lists of names. A disabled entry says why in its tooltip and in the status bar."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu

from workbench.desktop.theme import SCHEMES
from workbench.desktop.widgets import literal

# Names of WindowActions; those of the facts panel behind "facts:"; "" separates; "@" names a submenu made below.
MENUS: dict[str, tuple[str, ...]] = {
    "&File": ("new-session", "open-session", "@recent", "", "save-as", "duplicate", "show-folder", "", "facts:import",
              "export", "", "welcome", "quit"),
    "&Edit": ("facts:undo", "facts:redo", "", "facts:cut", "facts:copy", "facts:paste", "facts:delete", "",
              "facts:find", "", "preferences"),
    "F&acts": ("facts:add", "facts:form", "facts:edit", "facts:duplicate", "", "facts:move", "facts:tag", "facts:untag",
               "facts:conflicts", "", "facts:probe", "", "facts:export-all", "facts:export-shown",
               "facts:export-chosen"),
    "&Model": ("load-model", "unload-model"),
    "&Run": ("warm-up", "edit", "", "pause", "stop", "discard", "", "rewind", "branch", "replay", "", "name-run",
             "note-run"),
    "&Study": ("calibrate", "claims"),
    "&View": ("@docks", "", "@plots", "@theme", "", "next-pane", "full-screen", "", "reset-layout"),
    "&Help": ("palette", "", "method-help", "shortcuts", "", "about"),
}  # fmt: skip


def fill_menu_bar(
    window: QMainWindow, actions: dict[str, QAction], submenus: dict[str, QMenu | Sequence[QAction]]
) -> None:
    """``actions``: by the names of MENUS; ``submenus``: a menu, or actions to stand in its place."""
    for title, names in MENUS.items():
        menu = window.menuBar().addMenu(title)
        menu.setToolTipsVisible(True)
        for name in names:
            if not name:
                menu.addSeparator()
            elif name.startswith("@"):
                entry = submenus[name[1:]]
                if isinstance(entry, QMenu):
                    menu.addMenu(entry)
                else:
                    menu.addActions(list(entry))
            else:
                menu.addAction(actions[name])


class RecentMenu(QMenu):
    chosen = Signal(str)

    def __init__(self, parent: QMainWindow) -> None:
        super().__init__("Open recent", parent)
        self.setToolTipsVisible(True)
        self.triggered.connect(self._choose)

    def fill(self, folders: Sequence[Path], reason: str = "") -> None:
        self.clear()
        for folder in folders:
            action = self.addAction(folder.stem.replace("&", "&&"))
            action.setData(str(folder))
            action.setToolTip(literal(reason or str(folder)))
            action.setStatusTip(reason or str(folder))
            action.setEnabled(not reason)
        if not folders:
            nothing = self.addAction("No session yet")
            nothing.setEnabled(False)
            nothing.setToolTip("A session is made as soon as there is something to keep.")

    @Slot(QAction)
    def _choose(self, action: QAction) -> None:
        if action.data():
            self.chosen.emit(str(action.data()))


class ThemeMenu(QMenu):
    chosen = Signal(str)

    def __init__(self, mode: str, parent: QMainWindow) -> None:
        super().__init__("Appearance", parent)
        group = QActionGroup(self)
        for name, text in zip(SCHEMES, ("As the system", "Light", "Dark"), strict=True):
            action = group.addAction(text)
            action.setData(name)
            action.setCheckable(True)
            action.setChecked(name == mode)
            self.addAction(action)
        group.triggered.connect(self._choose)

    def show_mode(self, mode: str) -> None:
        for action in self.actions():
            action.setChecked(action.data() == mode)

    @Slot(QAction)
    def _choose(self, action: QAction) -> None:
        self.chosen.emit(str(action.data()))
