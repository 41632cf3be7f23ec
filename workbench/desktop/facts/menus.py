"""The menus over the table; disabled entries say why."""

from PySide6.QtWidgets import QMenu, QWidget

from workbench.desktop.facts.actions import FactActions

OF_SELECTION = (
    "edit",
    "duplicate",
    "",
    "cut",
    "copy",
    "paste",
    "",
    "move",
    "tag",
    "untag",
    "",
    "probe",
    "again",
    "",
    "delete",
)
OF_LIST = ("add", "form", "paste", "import", "", "undo", "redo", "", "conflicts", "lost", "find", "",
           "export-all", "export-shown", "export-chosen")  # fmt: skip


def context_menu(actions: FactActions, parent: QWidget) -> QMenu:
    """Goes when it closes."""
    menu = _filled(actions, OF_SELECTION, parent)
    menu.setObjectName("facts-context-menu")
    menu.aboutToHide.connect(menu.deleteLater)
    return menu


def more_menu(actions: FactActions, parent: QWidget) -> QMenu:
    return _filled(actions, OF_LIST, parent)


def _filled(actions: FactActions, names: tuple[str, ...], parent: QWidget) -> QMenu:
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    for name in names:
        if name:
            menu.addAction(actions[name])
        else:
            menu.addSeparator()
    return menu
