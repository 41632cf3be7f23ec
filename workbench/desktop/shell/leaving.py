"""What is saved, and what becomes of changes that cannot be where a session is left: wait, save elsewhere, discard, or
stay."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from workbench.desktop.questions import Unsaved, what_of_unsaved
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.desktop.main_window import MainWindow
    from workbench.desktop.workspace.keeper import SessionKeeper

_log = logging.getLogger("workbench")

KINDS = "Session (*.stableedit)"


class Leaving(QObject):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.desk.keeper.may_lose = self.may_lose

    def may_lose(self, error: WorkbenchError) -> bool:
        """Asks until the changes are saved or the person lets go of them; False: the person stays with the session."""
        if self._window.ending:
            _log.error("Not saved: %s. %s", self._window.desk.keeper.unsaved, error)
            return True
        while True:
            match what_of_unsaved(self._window, self._window.desk.keeper.unsaved, error):
                case Unsaved.STAY:
                    return False
                case Unsaved.DISCARD:
                    self._window.desk.keeper.discard_unsaved()
                    return True
                case how:
                    try:
                        if self._saved(how):
                            return True
                    except WorkbenchError as again:
                        error = again

    def _saved(self, how: Unsaved) -> bool:
        keeper = self._window.desk.keeper
        if how is Unsaved.AGAIN:
            keeper.flush()
            return True
        path = ask_where(self._window)
        if path is not None:
            keeper.save_elsewhere(path)
        return path is not None


def ask_where(window: MainWindow) -> Path | None:
    """A place for a copy of the session."""
    from workbench.session.paths import SUFFIX, sessions_folder

    session = window.desk.keeper.session
    folder = session.folder.parent if session is not None else sessions_folder()
    start = folder / f"{window.desk.keeper.name} copy{SUFFIX}"
    chosen, _ = QFileDialog.getSaveFileName(window, "Save as", str(start), KINDS)
    if not chosen:
        return None
    path = Path(chosen)
    return path if path.suffix == SUFFIX else path.with_name(f"{path.name}{SUFFIX}")


def what_is_saved(keeper: SessionKeeper) -> str:
    """For whoever was just told that something went wrong."""
    if keeper.is_failing:
        return f"Not saved yet: {keeper.unsaved}. Saving is tried again automatically; you can go on working."
    if keeper.session is None:
        return "There was nothing to save yet; you can go on working."
    return (
        f"The session {keeper.name} is safe: facts are saved as you go, and every finished step of its runs is on disk "
        f"in {keeper.session.folder}. You can go on working."
    )
