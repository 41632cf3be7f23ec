"""The open session: made at first need, saved as it goes, closed in the end."""

import time
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, QSettings, QTimer, Signal, Slot

from workbench.desktop.background import Background, Tell
from workbench.desktop.facts import FactsPanel
from workbench.desktop.facts.store.fact_list import AGAIN as STEP_AGAIN
from workbench.desktop.shell.recent import mark_closed, mark_open, remember_session
from workbench.desktop.workspace.again import AGAIN, again_setting
from workbench.desktop.workspace.opened import MODULES, PROMPT, RECIPE, Opened, open_session
from workbench.desktop.workspace.splice import splice_between
from workbench.errors import SessionMoved, WorkbenchError
from workbench.facts.fact import Fact

if TYPE_CHECKING:
    from workbench.editing.recipe import Recipe
    from workbench.session.folder import Session
    from workbench.session.keeping import Keeping
    from workbench.session.lineage import Chain
    from workbench.session.records import ModelIdentity

PAUSE_MS = 800  # after a change, before it is saved
LOOK_MS = 2_000  # between two looks whether the folder is still there

Lists = dict[str, list[Fact]]  # "edit" and "warmup" → the facts


class SessionKeeper(QObject):
    """``session`` is None until something is worth keeping."""

    opened = Signal(object)  # Opened
    changed = Signal()  # another session, or none
    failed = Signal(str, object)  # what was tried, the exception
    saved = Signal()
    lost = Signal(str)  # one sentence: the session's folder was moved or removed

    def __init__(self, settings: QSettings, facts: FactsPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings, self._facts = settings, facts
        self.session: Session | None = None
        self.saved_at: float | None = None  # time.monotonic
        self._saved: Lists = {"edit": [], "warmup": []}
        self._values: dict[str, Any] = {}  # settings of the session that wait to be written
        self._taken: dict[str, Any] = {}  # those that were last written, or that the worker writes now
        self._dirty = self._loading = False
        self._made: Session | None = None  # by the worker, not adopted yet
        self._opening, self._saving = Background(self), Background(self, told_to_the_end=True)
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self.save)
        self.is_lost = False
        self._watch = QTimer(self, interval=LOOK_MS)
        self._watch.timeout.connect(self.look)
        facts.facts_changed.connect(self._touch)
        self._opening.finished.connect(self._opened)
        self._opening.failed.connect(self._open_failed)
        self._saving.finished.connect(self._was_saved)
        self._saving.failed.connect(self._save_failed)

    @property
    def name(self) -> str:
        return self.session.folder.stem if self.session is not None else "Untitled"

    @property
    def read_only(self) -> bool:
        return self.session is not None and self.session.read_only

    @property
    def opening(self) -> bool:
        return self._opening.busy

    def keeping(self) -> "Keeping":
        """As the person set it; what is out of range counts as not set."""
        from workbench.desktop.shell.preferences import keeping_of

        return keeping_of(self.settings)

    def open(self, path: Path) -> None:
        """In a worker; ends in ``opened`` or ``failed``."""
        keep = self.keeping

        def work(_tell: Tell, _cancel: Event) -> object:
            return open_session(path, keep())

        self._opening.start(work)

    def need(self) -> "Session":
        """The session; a new one in the person's data folder where none is open. Raises SessionError, DiskFull."""
        self._wait_for_worker()
        if self.session is None:
            self._adopt(_new_session(self.keeping()))
        assert self.session is not None
        return self.session

    def _wait_for_worker(self) -> None:
        """A session that it made meanwhile is the one that is open."""
        self._saving.close()
        if self.session is None and self._made is not None:
            self._adopt(self._made)

    def note_saved(self) -> None:
        """A run has just put a step of its own on the disk."""
        self.saved_at = time.monotonic()
        self.saved.emit()

    def standing(self) -> "Chain":
        """Where the session stands now, also where that is still to be written."""
        from workbench.session.lineage import Chain, standing

        return Chain() if self.session is None else standing(self.session, self._values)

    def keep_standing(self, chain: "Chain") -> None:
        from workbench.session.lineage import standing_settings

        self._keep(standing_settings(chain))

    def keep_recipe(self, recipe: "Recipe", modules: str) -> None:
        self._keep({RECIPE: asdict(recipe), MODULES: modules})

    def keep_prompt(self, prompt: str) -> None:
        self._keep({PROMPT: prompt})

    def keep_model(self, model: "ModelIdentity") -> None:
        if self.session is not None and not self.read_only and self.session.model != model:
            self.session.set_model(model)

    @Slot()
    def look(self) -> None:
        """Whether the session's folder is still where it was."""
        if self.session is None or self.is_lost:
            return
        try:
            self.session.require_there()
        except SessionMoved as error:
            self.is_lost = True
            self._timer.stop()
            self.lost.emit(str(error))
            self.changed.emit()

    def save_lost(self, path: Path) -> Path:
        """What the window holds, in a new session, where the folder of the one that is open is gone."""
        from workbench.session.folder import Session

        self._wait_for_worker()
        values = (
            {name: self.session.setting(name) for name in (RECIPE, MODULES, PROMPT)} if self.session else {}
        )
        model = self.session.model if self.session is not None else None
        with Session.create(path, model, self.keeping()) as session:
            for kind, facts in self._lists().items():
                session.set_facts(kind, facts)  # type: ignore[arg-type]
            for name, value in (values | self._values).items():
                if value is not None and name != AGAIN:  # which tells of runs that the new one has not
                    session.set_setting(name, value)
        self._dirty, self._values = False, {}
        return path

    def flush(self) -> None:
        """Writes what waits, now."""
        self._timer.stop()
        self._wait_for_worker()
        if self._dirty and self.session is None:
            self.need()
        if self.session is None or self.read_only:
            return
        self.look()
        if self._dirty or self._values:
            self._write(self.session, self._lists(), self._take_values())
            self._dirty = False
            self._was_saved(None)

    def close(self) -> None:
        """Saves and lets go. Raises SessionError or DiskFull where saving fails; it is closed all the same."""
        try:
            self.flush()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        session = self.session
        if session is not None:
            self.session = self._made = None
            session.close()
            mark_closed(self.settings, session.folder)
            self._saved = {"edit": [], "warmup": []}
            self._values, self._dirty, self.saved_at = {}, False, None
            self.is_lost = False
            self._timer.stop()
            self._watch.stop()
            self.changed.emit()

    def close_threads(self) -> None:
        self._opening.close()
        self._saving.close()

    @Slot()
    def save(self) -> None:
        """In a worker, what changed since the last time."""
        self.look()
        if self.read_only or self.is_lost or not (self._dirty or self._values):
            return
        if self._saving.busy or self._opening.busy:
            self._timer.start()
            return
        session, lists, values, keep = self.session, self._lists(), self._take_values(), self.keeping
        self._dirty = False

        def work(_tell: Tell, _cancel: Event) -> object:
            made = session if session is not None else _new_session(keep())
            self._made = made
            self._write(made, lists, values)
            return made

        self._saving.start(work)

    def _write(self, session: "Session", lists: Lists, values: dict[str, Any]) -> None:
        with session.together():
            for kind, facts in lists.items():
                splice = splice_between(self._saved[kind], facts)
                if splice is not None:
                    session.splice_facts(kind, splice.start, splice.removed, splice.facts)  # type: ignore[arg-type]
            for name, value in values.items():
                session.set_setting(name, value)
        self._saved = lists

    def _lists(self) -> Lists:
        """Copies: 8 bytes a fact."""
        return {"edit": list(self._facts.facts.facts), "warmup": list(self._facts.warmup.facts)}

    def _take_values(self) -> dict[str, Any]:
        self._taken, self._values = self._values, {}
        return self._taken

    def _keep(self, values: dict[str, Any]) -> None:
        """Settings alone are no reason to make a session."""
        if self.session is None or self.read_only or self._loading:
            return
        self._values |= values
        self._timer.start()

    @Slot(object)
    def _touch(self, _list: object) -> None:
        if self._loading:
            return
        self._dirty = True
        self._timer.start()
        if self.session is not None and not self.read_only:
            self._note_again(self.session)

    def _note_again(self, session: "Session") -> None:
        """Places in the list as it is now: both are written together."""
        try:
            self._values[AGAIN] = again_setting(
                session, np.flatnonzero(self._facts.facts.steps == STEP_AGAIN)
            )
        except WorkbenchError as error:
            self.failed.emit("Noting which facts to edit again", error)

    @Slot(object)
    def _opened(self, opened: Opened) -> None:
        try:
            self.close()
        except WorkbenchError as error:
            self.failed.emit("Saving the session before", error)
        self._loading = True
        try:
            self._facts.load(opened.facts, opened.warmup)
        finally:
            self._loading = False
        self._saved = self._lists()
        self._adopt(opened.session)
        self.opened.emit(opened)

    def start_new(self) -> None:
        """Empty lists, and no session until something is worth keeping."""
        self.close()
        self._loading = True
        from workbench.desktop.facts import prepared

        try:
            self._facts.load(prepared(()), prepared(()))
        finally:
            self._loading = False
        self.changed.emit()

    def _adopt(self, session: "Session") -> None:
        self.session = session
        if not session.read_only:
            mark_open(self.settings, session.folder)
        remember_session(self.settings, session.folder)
        self._watch.start()
        self.changed.emit()

    @Slot(object)
    def _was_saved(self, session: object) -> None:
        self.saved_at = time.monotonic()
        if self.session is None and session is not None:
            self._adopt(session)  # type: ignore[arg-type]
        self.saved.emit()

    @Slot(object)
    def _open_failed(self, error: Exception) -> None:
        self.failed.emit("Opening the session", error)

    @Slot(object)
    def _save_failed(self, error: Exception) -> None:
        self._dirty = True
        self._values = self._taken | self._values
        self.failed.emit("Saving the facts", error)


def _new_session(keeping: "Keeping") -> "Session":
    from workbench.session.folder import Session
    from workbench.session.paths import new_session_path

    path = new_session_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    return Session.create(path, keeping=keeping)
