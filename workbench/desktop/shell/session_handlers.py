"""What the actions on sessions do: new, open, save as, duplicate, and what to do where a folder or a model is gone."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from workbench.desktop.background import Background
from workbench.desktop.shell.leaving import ask_where
from workbench.desktop.shell.notices import Notice
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.desktop.main_window import MainWindow

SESSION = "session"  # key of notices on the session that is open


class SessionHandlers(QObject):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._duplicating = Background(self)
        self._duplicating.finished.connect(self._duplicated)
        self._duplicating.failed.connect(
            lambda error: window.handlers.tell_failure("Duplicating the session", error)
        )
        window.desk.keeper.lost.connect(self._tell_lost)
        window.desk.keeper.copied.connect(lambda: window.notices.withdraw(SESSION))

    @Slot()
    def new_session(self) -> None:
        self._window.desk.start_new()
        self._window.leave_welcome()

    @property
    def begun(self) -> str:
        """The name of what a new session would leave; empty where there is nothing."""
        desk = self._window.desk
        anything = desk.keeper.session is not None or len(desk.facts.facts) or len(desk.facts.warmup)
        return desk.keeper.name if anything else ""

    @Slot()
    def begin_empty(self) -> None:
        """From the welcome page: the lists are empty then, whatever was in them."""
        if self.begun:
            self._window.desk.start_new()
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
        if self._window.handlers.is_refused("open-session"):
            return
        self._window.desk.keeper.open(path)

    @Slot()
    def save_as(self) -> None:
        """Work goes on in the copy; an untitled session is left behind for good."""
        if self._window.desk.keeper.session is None:
            return
        path = ask_where(self._window)
        if path is not None:
            self.save_to(path)

    def save_to(self, path: Path) -> None:
        keeper = self._window.desk.keeper
        try:
            if keeper.is_lost:
                keeper.open(keeper.save_elsewhere(path))
            else:
                keeper.save_as(path)
        except WorkbenchError as error:
            self._window.handlers.tell_failure("Saving the session", error)

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
        self._duplicating.close()

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
        offers = [("Save as…", self.save_as), ("Open…", self.choose_session)]
        holds = partial(getattr, self._window.desk.keeper, "is_lost")
        self._window.handlers.tell(Notice(said, "bad", key=SESSION, offers=offers, holds=holds))
