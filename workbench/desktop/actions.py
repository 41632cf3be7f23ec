"""Every action of the window, once: text, key, icon and what it is for."""

from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence

from workbench.desktop.theme import icon
from workbench.desktop.widgets import literal


@dataclass(frozen=True, slots=True)
class Spec:
    name: str
    text: str
    about: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    group: str = ""  # heading on the sheet of shortcuts
    checkable: bool = False


SPECS = (
    Spec("new-session", "New session", "Start over with empty lists", ("Ctrl+N",), "plus", "Session"),
    Spec("open-session", "Open session…", "Facts, runs and the model's state", ("Ctrl+O",), "open", "Session"),
    Spec("save-as", "Save as…", "The session under another name; work goes on there", ("Ctrl+Shift+S",), "save",
         "Session"),
    Spec("duplicate", "Duplicate", "A copy of the session beside it; work goes on here", (), "copy", "Session"),
    Spec("show-folder", "Show the session's folder", "In the file manager", (), "", "Session"),
    Spec("export", "Export…", "Write the edited model as a folder that other programs load", ("Ctrl+E",), "export",
         "Session"),
    Spec("welcome", "Welcome page", "The three ways to begin, and recent sessions", ("Ctrl+Shift+N",), "", "Session"),
    Spec("quit", "Quit", "The session is saved already", ("Ctrl+Q",), "", "Session"),
    Spec("load-model", "Load model…", "The starter, a folder, a GGUF file or a hub model", ("Ctrl+L",), "model",
         "Model"),
    Spec("unload-model", "Unload model", "Free its memory; its runs stay in the session", ("Ctrl+Shift+L",),
         "unload", "Model"),
    Spec("warm-up", "Warm up", "Prepare the statistics with the warm-up facts", ("F6",), "warm-up", "Run"),
    Spec("edit", "Edit", "Apply the facts to the model, step after step", ("F5",), "play", "Run"),
    Spec("pause", "Pause", "Pause before the next minibatch; probing works meanwhile", ("F7",), "pause", "Run"),
    Spec("stop", "Stop after this step", "Finish the current step and stop there", ("F8",), "stop", "Run"),
    Spec("discard", "Discard run", "Undo everything the last run did to the model", ("Shift+F8",), "discard", "Run"),
    Spec("rewind", "Rewind to here", "The model after the chosen step; later steps stay in the ledger", ("F9",),
         "rewind", "Ledger"),
    Spec("branch", "Branch from here…", "A new run goes on from the chosen step with other settings", ("Shift+F9",),
         "", "Ledger"),
    Spec("replay", "Replay without these facts…", "A new run that never had the chosen facts", ("Ctrl+F9",), "refresh",
         "Ledger"),
    Spec("name-run", "Rename run…", "What the chosen run is called in ledger and plots", ("Shift+F2",), "edit",
         "Ledger"),
    Spec("note-run", "Note…", "A few words on the chosen run", ("Ctrl+Shift+F2",), "", "Ledger"),
    Spec("calibrate", "Calibrate…", "Find modules and settings that suit this model, on warm-up facts", ("Ctrl+K",),
         "method", "Study"),
    Spec("claims", "Test the claims…", "Whether what the method's paper claims holds on this model and these facts",
         ("Ctrl+Shift+K",), "", "Study"),
    Spec("next-pane", "Next pane", "Move on to the next part of the window", ("Ctrl+F6", "F4"), "", "View"),
    Spec("reset-layout", "Reset layout", "Put every dock back in its place and show every plot", (), "", "View"),
    Spec("full-screen", "Full screen", "Let the window fill the screen", ("F11",), "", "View", checkable=True),
    Spec("preferences", "Preferences…", "Appearance, threads, how much a session stores", ("Ctrl+,",), "settings",
         "View"),
    Spec("palette", "Find a command…", "Every command by its name, and why it cannot be done now", ("Ctrl+Shift+P",),
         "search", "Help"),
    Spec("method-help", "How the method works", "The mathematics of settings and plots", ("F1",), "help", "Help"),
    Spec("shortcuts", "Keyboard shortcuts", "Every key on one sheet", ("Shift+F1", "Ctrl+?"), "", "Help"),
    Spec("about", "About StableEdit Workbench", "Version, libraries and their licences", (), "info", "Help"),
)  # fmt: skip


class WindowActions(QObject):
    """``actions[name]``; ``permit`` enables one or says why not."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.specs = {spec.name: spec for spec in SPECS}
        self.by_name = {spec.name: self._made(spec) for spec in SPECS}

    def __getitem__(self, name: str) -> QAction:
        return self.by_name[name]

    def permit(self, name: str, reason: str) -> None:
        action, about = self.by_name[name], self.specs[name].about
        action.setEnabled(not reason)
        self.say(name, reason or about, keys=not reason)

    def say(self, name: str, sentence: str, keys: bool = True) -> None:
        """On hover and in the status bar."""
        action = self.by_name[name]
        shortcut = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(literal(f"{sentence} ({shortcut})" if keys and shortcut else sentence))
        action.setStatusTip(sentence)

    def _made(self, spec: Spec) -> QAction:
        action = QAction(spec.text, self.parent())
        action.setObjectName(f"action-{spec.name}")
        action.setShortcuts([QKeySequence(keys) for keys in spec.keys])
        action.setCheckable(spec.checkable)
        if spec.icon:
            action.setIcon(icon(spec.icon))
            action.setProperty("icon-name", spec.icon)
        shortcut = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{spec.about} ({shortcut})" if shortcut else spec.about)
        action.setStatusTip(spec.about)
        return action
