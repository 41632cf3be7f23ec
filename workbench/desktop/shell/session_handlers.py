"""What the actions on sessions do: new, open, save as, duplicate, and what to do where a folder or a model is gone."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from workbench.desktop.background import Background
from workbench.desktop.shell.notices import Notice
from workbench.desktop.shell.recent import forget_session
from workbench.desktop.shell.situation import reasons
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.desktop.main_window import MainWindow
    from workbench.desktop.workspace.opened import Opened

SESSION = "session"  # key of notices on the session that is open
KINDS = "Session (*.stableedit)"


class SessionHandlers(QObject):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._left_behind: Path | None = None  # an untitled session that was saved under a name
        self._copying, self._duplicating = Background(self), Background(self)
        self._copying.finished.connect(self._copied)
        self._copying.failed.connect(lambda error: window.handlers.tell_failure("Saving the session", error))
        self._duplicating.finished.connect(self._duplicated)
        self._duplicating.failed.connect(
            lambda error: window.handlers.tell_failure("Duplicating the session", error)
        )
        window.desk.keeper.lost.connect(self._tell_lost)
        window.desk.keeper.opened.connect(self._remove_left_behind)

    @Slot()
    def new_session(self) -> None:
        try:
            self._window.desk.start_new()
        except WorkbenchError as error:
            self._window.handlers.tell_failure("Saving the session", error)
        self._window.leave_welcome()

    @Slot()
    def choose_session(self) -> None:
        from workbench.session.paths import sessions_folder

        start = self._window.desk.keeper.session
        at = start.folder.parent if start is not None else sessions_folder()
        chosen = QFileDialog.getExistingDirectory(self._window, "Open a session", str(at))
        if chosen:
            self._window.handlers.open_session(Path(chosen))

    def open_session(self, path: Path) -> None:
        if reason := reasons(self._window.desk.situation())["open-session"]:
            self._window.handlers.tell(Notice(reason, "warning"))
            return
        self._window.desk.keeper.open(path)

    @Slot()
    def save_as(self) -> None:
        """A copy that is then opened; an untitled session is left behind for good."""
        keeper = self._window.desk.keeper
        session = keeper.session
        if session is None:
            return
        start = session.folder.parent / f"{session.folder.stem} copy.stableedit"
        chosen, _ = QFileDialog.getSaveFileName(self._window, "Save as", str(start), KINDS)
        if chosen:
            self.save_to(Path(chosen))

    def save_to(self, path: Path) -> None:
        keeper = self._window.desk.keeper
        session = keeper.session
        assert session is not None
        path = path if path.suffix == ".stableedit" else path.with_name(f"{path.name}.stableedit")
        try:
            if keeper.is_lost:
                self._copied(keeper.save_lost(path))
                return
            keeper.flush()
        except WorkbenchError as error:
            self._window.handlers.tell_failure("Saving the session", error)
            return
        self._left_behind = session.folder if _is_untitled(session.folder) and not session.read_only else None
        self._copying.start(lambda _tell, _cancel: session.copy_to(path))

    @Slot()
    def duplicate(self) -> None:
        """Beside the session, under a free name; work goes on with the one that is open."""
        from workbench.session.paths import new_session_path

        keeper = self._window.desk.keeper
        session = keeper.session
        if session is None:
            return
        path = new_session_path(f"{session.folder.stem} copy", session.folder.parent)
        try:
            keeper.flush()
        except WorkbenchError as error:
            self._window.handlers.tell_failure("Duplicating the session", error)
            return
        self._duplicating.start(lambda _tell, _cancel: session.copy_to(path))

    @Slot()
    def show_folder(self) -> None:
        session = self._window.desk.keeper.session
        if session is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(session.folder)))

    def find_model(self, source: str = "") -> None:
        """Where the session's model, once ``source``, is now; whether it is the same one shows once it is loaded."""
        title, home = "Where is the session's model?", str(Path.home())
        if source.lower().endswith(".gguf"):
            chosen, _ = QFileDialog.getOpenFileName(self._window, title, home, "GGUF (*.gguf)")
        else:
            chosen = QFileDialog.getExistingDirectory(self._window, title, home)
        if chosen:
            self._window.when_engine_ready(partial(self._window.handlers.load_source, chosen))

    def close_threads(self) -> None:
        self._copying.close()
        self._duplicating.close()

    @Slot(object)
    def _copied(self, path: Path) -> None:
        self._window.notices.withdraw(SESSION)
        self._window.handlers.open_session(path)

    @Slot(object)
    def _duplicated(self, path: Path) -> None:
        self._window.handlers.tell(
            Notice(
                f"Duplicated as {path.stem}, in {path.parent}.",
                "good",
                key="duplicate",
                offers=[("Open it", partial(self._window.handlers.open_session, path))],
            )
        )

    @Slot(str)
    def _tell_lost(self, sentence: str) -> None:
        said = f"{sentence} Save as keeps the facts and the settings; the runs are where the folder is."
        self._window.handlers.tell(
            Notice(
                said, "bad", key=SESSION, offers=[("Save as…", self.save_as), ("Open…", self.choose_session)]
            )
        )

    @Slot(object)
    def _remove_left_behind(self, opened: Opened) -> None:
        """Once the session is open under its new name, and only then."""
        gone, self._left_behind = self._left_behind, None
        if gone is not None and gone != opened.session.folder:
            shutil.rmtree(gone, ignore_errors=True)
            forget_session(self._window.settings, gone)


def _is_untitled(folder: Path) -> bool:
    """One that the workbench named itself, in its own folder."""
    from workbench.session.paths import sessions_folder

    return folder.parent == sessions_folder() and folder.stem.startswith("Untitled")
