"""What can be done with facts: each action once, with its key, what it needs and why it is off."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from workbench.desktop.theme import icon
from workbench.desktop.widgets import literal


class Need(Enum):
    """``value`` is the reason shown while it is not met; a lock gives its own."""

    UNLOCKED = ""
    CHOSEN = "Select facts in the table first."
    FACTS = "There are no facts in this list yet."
    EDITED = "Select facts that a run has edited."
    LOST = "No fact has been lost: each that was scored answers with its target, or none was scored yet."
    UNDO = "There is nothing to undo."
    REDO = "There is nothing to redo."


@dataclass(frozen=True, slots=True)
class Spec:
    name: str
    text: str
    about: str
    keys: str = ""
    icon: str = ""
    needs: tuple[Need, ...] = field(default=())


SPECS = (
    Spec("undo", "Undo", "Undo the last change to the facts", "Ctrl+Z", "undo", (Need.UNLOCKED, Need.UNDO)),
    Spec("redo", "Redo", "Redo what was undone", "Ctrl+Shift+Z", "redo", (Need.UNLOCKED, Need.REDO)),
    Spec("add", "Add a fact", "Type a fact in the last row", "Ins", "plus", (Need.UNLOCKED,)),
    Spec("form", "Add a fact in full…", "With rephrases, locality and portability", "Ctrl+Ins", "", (Need.UNLOCKED,)),
    Spec("edit", "Edit in full…", "The whole fact, with rephrases and probes", "Ctrl+Return", "edit",
         (Need.UNLOCKED, Need.CHOSEN)),
    Spec("duplicate", "Duplicate", "A copy of the selected facts at the end", "Ctrl+D", "",
         (Need.UNLOCKED, Need.CHOSEN)),
    Spec("cut", "Cut", "Copy the selected facts, then delete them", "Ctrl+X", "", (Need.UNLOCKED, Need.CHOSEN)),
    Spec("copy", "Copy", "The selected facts as rows for a spreadsheet", "Ctrl+C", "copy", (Need.CHOSEN,)),
    Spec("paste", "Paste", "Rows of prompt, target and old answer, or under a header row", "Ctrl+V", "paste",
         (Need.UNLOCKED,)),
    Spec("move", "Move", "Move the selected facts to the other list", "Ctrl+M", "warm-up",
         (Need.UNLOCKED, Need.CHOSEN)),
    Spec("tag", "Add a tag…", "A word of your own to filter by", "Ctrl+T", "", (Need.UNLOCKED, Need.CHOSEN)),
    Spec("untag", "Remove a tag…", "From the selected facts", "Ctrl+Shift+T", "", (Need.UNLOCKED, Need.CHOSEN)),
    Spec("delete", "Delete", "Delete the selected facts", "Del", "", (Need.UNLOCKED, Need.CHOSEN)),
    Spec("probe", "Probe this fact", "Ask both models its prompt, rephrases and probes", "Ctrl+B", "probe",
         (Need.CHOSEN,)),
    Spec("again", "Edit again", "Mark the selected facts as new: the next run edits them once more", "Ctrl+Shift+E",
         "edit", (Need.UNLOCKED, Need.EDITED)),
    Spec("lost", "Show facts lost", "Only facts that were lost since their step or did not take, all selected",
         "Ctrl+Shift+F", "filter", (Need.LOST,)),
    Spec("find", "Find", "Go to the filter", "Ctrl+F", "search", (Need.FACTS,)),
    Spec("import", "Import facts…", "From CSV, JSON or JSON Lines", "Ctrl+I", "import", (Need.UNLOCKED,)),
    Spec("conflicts", "Resolve conflicts…", "Facts with the same prompt, side by side", "Ctrl+Shift+R", "conflict",
         (Need.UNLOCKED, Need.FACTS)),
    Spec("export-all", "Export all…", "Every fact of this list as CSV or JSON Lines", "", "export", (Need.FACTS,)),
    Spec("export-shown", "Export shown…", "The facts that match the filter, in the order shown", "", "",
         (Need.FACTS,)),
    Spec("export-chosen", "Export selected…", "The selected facts", "", "", (Need.CHOSEN,)),
)  # fmt: skip


class FactActions(QObject):
    """``actions[name]``; ``update`` enables each by what it needs."""

    def __init__(self, handlers: dict[str, Callable[[], None]], parent: QObject) -> None:
        super().__init__(parent)
        self.actions = {spec.name: self._make(spec, handlers[spec.name]) for spec in SPECS}
        self.abouts = {spec.name: spec.about for spec in SPECS}

    def __getitem__(self, name: str) -> QAction:
        return self.actions[name]

    def _make(self, spec: Spec, handler: Callable[[], None]) -> QAction:
        action = QAction(spec.text, self.parent())
        action.setObjectName(f"facts-action-{spec.name}")
        if spec.icon:
            action.setIcon(icon(spec.icon))
        if spec.keys:
            action.setShortcut(QKeySequence(spec.keys))
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(handler)
        return action

    def update(self, met: set[Need], lock_reason: str) -> None:
        for spec in SPECS:
            missing = next((need for need in spec.needs if need not in met), None)
            reason = "" if missing is None else (lock_reason if missing is Need.UNLOCKED else missing.value)
            action = self.actions[spec.name]
            action.setEnabled(missing is None)
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            about = self.abouts[spec.name]
            action.setToolTip(literal(reason or (f"{about} ({keys})" if keys else about)))
            action.setStatusTip(reason or about)
