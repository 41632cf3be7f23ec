"""The open session: made at first need, saved as it goes, closed in the end."""

import shutil
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, QSettings, QTimer, Signal, Slot

from workbench.desktop.background import Background, Tell
from workbench.desktop.facts import Batch, FactsPanel, prepared
from workbench.desktop.facts.store.fact_list import AGAIN as STEP_AGAIN
from workbench.desktop.shell.recent import forget_session, mark_closed, mark_open, remember_session
from workbench.desktop.workspace.again import AGAIN, again_setting
from workbench.desktop.workspace.opened import MODULES, PROMPT, RECIPE, Opened, open_session
from workbench.desktop.workspace.places import Copied, copied_to, new_session, still_wanted
from workbench.desktop.workspace.unsaved import Lists, Unsaved, Write
from workbench.errors import SessionMoved, WorkbenchError

if TYPE_CHECKING:
    from workbench.editing.recipe import Recipe
    from workbench.session.folder import Session
    from workbench.session.keeping import Keeping
    from workbench.session.lineage import Chain
    from workbench.session.records import ModelIdentity

PAUSE_MS = 800  # after a change, before it is saved
RETRY_MS = 5_000  # after a write that failed
LOOK_MS = 2_000  # between two looks whether the folder is still there


class SessionKeeper(QObject):
    """``session`` is None until something is worth keeping. It is left only once everything is written, or where
    ``may_lose`` agrees: the person lets go of what cannot be."""

    opened = Signal(object)  # Opened
    left = Signal()  # the lists before, for another session's or for empty ones
    copied = Signal()  # the session lies in another place now
    changed = Signal()  # another session, or none
    busy_changed = Signal()
    failed = Signal(str, object)  # what was tried, the exception
    saved = Signal()
    not_saved = Signal(object)  # the exception; it is tried again
    lost = Signal(str)  # one sentence: the session's folder was moved or removed

    def __init__(self, settings: QSettings, facts: FactsPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings, self._facts = settings, facts
        self.session: Session | None = None
        self.saved_at: float | None = None  # time.monotonic
        self.may_lose: Callable[[WorkbenchError], bool] = lambda _error: False
        self._unsaved = Unsaved()
        self._writing: Write | None = None  # by the worker
        self._loading = False
        self._made: Session | None = None  # by the worker, not adopted yet
        self._opening, self._copying = Background(self), Background(self)
        self._saving = Background(self, told_to_the_end=True)
        self._timer = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._timer.timeout.connect(self.save)
        self.is_lost = self.is_failing = False
        self._watch = QTimer(self, interval=LOOK_MS)
        self._watch.timeout.connect(self.look)
        facts.facts_changed.connect(self._touch)
        self._opening.finished.connect(self._opened)
        self._opening.failed.connect(lambda error: self.failed.emit("Opening the session", error))
        self._copying.finished.connect(self._copied)
        self._copying.failed.connect(lambda error: self.failed.emit("Saving the session", error))
        for background in (self._opening, self._copying):
            background.busy_changed.connect(self.busy_changed)
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

    @property
    def busy(self) -> str:
        """In words that follow "while"."""
        if self._opening.busy:
            return "a session is being opened"
        return "the session is being copied" if self._copying.busy else ""

    @property
    def unsaved(self) -> str:
        """In words; empty where everything is in the session."""
        return self._unsaved.in_words(self._lists()) if self._unsaved else ""

    def keeping(self) -> "Keeping":
        """As the person set it; what is out of range counts as not set."""
        from workbench.desktop.shell.preferences import keeping_of

        return keeping_of(self.settings)

    def open(self, path: Path) -> None:
        """In a worker; ends in ``opened`` or ``failed``."""
        keeping = self.keeping()

        def work(_tell: Tell, cancel: Event) -> Opened:
            return still_wanted(open_session(path, keeping), cancel)

        self._opening.start(work)

    def save_as(self, path: Path) -> None:
        """Work goes on in a copy, and what changes meanwhile is written there; ends in ``copied``, ``opened`` or
        ``failed``. Raises SessionError, DiskFull."""
        self.flush()
        session, keeping = self.need(), self.keeping()
        self._copying.start(lambda _tell, cancel: copied_to(session, path, keeping, cancel))

    def need(self) -> "Session":
        """The session; a new one in the person's data folder where none is open. Raises SessionError, DiskFull."""
        self._wait_for_worker()
        if self.session is None:
            self._adopt(new_session(self.keeping()))
        assert self.session is not None
        return self.session

    def _wait_for_worker(self) -> None:
        """A session that it made meanwhile is the one that is open."""
        self._saving.close()
        if self._take_written():
            self._was_saved(self._made)
        elif self.session is None and self._made is not None:
            self._adopt(self._made)

    def _take_written(self) -> bool:
        """Whether the worker's write was done; otherwise all of it still waits."""
        write, self._writing = self._writing, None
        if write is not None:
            self._unsaved.take(write)
        return write is not None and write.done

    def note_saved(self) -> None:
        """A run has just put a step of its own on the disk."""
        self.saved_at = time.monotonic()
        self.saved.emit()

    def standing(self) -> "Chain":
        """Where the session stands now, also where that is still to be written."""
        from workbench.session.lineage import Chain, standing

        return Chain() if self.session is None else standing(self.session, self._unsaved.values)

    def keep_standing(self, chain: "Chain") -> None:
        from workbench.session.lineage import standing_settings

        self._keep(standing_settings(chain))

    def keep_recipe(self, recipe: "Recipe", modules: str) -> None:
        self._keep({RECIPE: asdict(recipe), MODULES: modules})

    def keep_prompt(self, prompt: str) -> None:
        self._keep({PROMPT: prompt})

    def keep_model(self, model: "ModelIdentity") -> None:
        try:
            if self.session is not None and not self.read_only and self.session.model != model:
                self.session.set_model(model)
        except WorkbenchError as error:
            self.failed.emit("Noting the session's model", error)

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

    def save_elsewhere(self, path: Path) -> Path:
        """The session with all that waits, in a copy at ``path``; only what the window holds where the session's folder
        is gone. Raises SessionError, DiskFull."""
        from workbench.session.folder import Session

        self._wait_for_worker()
        write = self._unsaved.write(self._lists())
        if self.session is not None and not self.is_lost:
            with Session.open(self.session.copy_to(path), keeping=self.keeping()) as copy:
                write.into(copy)
        else:
            self._save_window(path, write)
        self._unsaved.take(write)
        remember_session(self.settings, path)
        return path

    def _save_window(self, path: Path, write: Write) -> None:
        from workbench.session.folder import Session

        old = self.session
        values = {name: old.setting(name) for name in (RECIPE, MODULES, PROMPT)} if old is not None else {}
        values |= write.values
        with Session.create(path, old.model if old is not None else None, self.keeping()) as session:
            for kind, facts in write.lists.items():
                session.set_facts(kind, facts)  # type: ignore[arg-type]
            for name in (RECIPE, MODULES, PROMPT):  # the others tell of runs that the new one has not
                if values.get(name) is not None:
                    session.set_setting(name, values[name])
        write.done = True

    def flush(self) -> None:
        """Writes what waits, now. Raises SessionError, DiskFull; then it still waits."""
        self._wait_for_worker()
        try:
            self._write_now()
        except WorkbenchError:
            self._timer.start(RETRY_MS)
            raise

    def _write_now(self) -> None:
        if self._unsaved.facts and self.session is None:
            self.need()
        if self.session is None or self.read_only:
            return
        self.look()
        self._timer.stop()
        if self._unsaved:
            write = self._unsaved.write(self._lists())
            write.into(self.session)
            self._unsaved.take(write)
            self._was_saved(None)

    def may_leave(self) -> bool:
        """Once everything is written, or the person lets go of what cannot be."""
        try:
            self.flush()
        except WorkbenchError as error:
            return self.may_lose(error)
        return True

    def close(self) -> None:
        """Saves and lets go. Raises SessionError or DiskFull where saving fails; it is closed all the same."""
        try:
            self.flush()
        finally:
            self._let_go()

    def discard_unsaved(self) -> None:
        self._unsaved.start_from(self._lists())

    def _let_go(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            session.close()
            mark_closed(self.settings, session.folder)
        self._made = None
        self._unsaved.start_from({"edit": [], "warmup": []})
        self.saved_at, self.is_lost, self.is_failing = None, False, False
        self._timer.stop()
        self._watch.stop()
        if session is not None:
            self.changed.emit()

    def close_threads(self) -> None:
        for background in (self._opening, self._copying, self._saving):
            background.close()

    @Slot()
    def save(self) -> None:
        """In a worker, what changed since the last time."""
        self.look()
        if self.read_only or self.is_lost or not self._unsaved:
            return
        if self._saving.busy or self.busy:
            self._timer.start(PAUSE_MS)
            return
        session, write, keeping = (
            self.session or self._made,
            self._unsaved.write(self._lists()),
            self.keeping(),
        )
        self._writing = write

        def work(_tell: Tell, _cancel: Event) -> object:
            made = session if session is not None else new_session(keeping)
            self._made = made
            write.into(made)
            return made

        self._saving.start(work)

    def _lists(self) -> Lists:
        """Copies: 8 bytes a fact."""
        return {"edit": list(self._facts.facts.facts), "warmup": list(self._facts.warmup.facts)}

    def _keep(self, values: dict[str, Any]) -> None:
        """Settings alone are no reason to make a session."""
        if self.session is None or self.read_only or self._loading:
            return
        self._unsaved.values |= values
        self._timer.start(PAUSE_MS)

    @Slot(object)
    def _touch(self, _list: object) -> None:
        if self._loading:
            return
        self._unsaved.touch()
        self._timer.start(PAUSE_MS)
        if self.session is not None and not self.read_only:
            self._note_again(self.session)

    def _note_again(self, session: "Session") -> None:
        """Places in the list as it is now: both are written together."""
        try:
            places = np.flatnonzero(self._facts.facts.steps == STEP_AGAIN)
            self._unsaved.values[AGAIN] = again_setting(session, places)
        except WorkbenchError as error:
            self.failed.emit("Noting which facts to edit again", error)

    @Slot(object)
    def _opened(self, opened: Opened) -> None:
        if not self.may_leave():
            opened.session.close()
            return
        self._load(opened.facts, opened.warmup)
        self._adopt(opened.session)
        self.opened.emit(opened)

    def start_new(self) -> bool:
        """Empty lists, and no session until something is worth keeping. False: the one before cannot be left."""
        if not self.may_leave():
            return False
        self._load(prepared(()), prepared(()))
        self.changed.emit()
        return True

    def _load(self, facts: Batch, warmup: Batch) -> None:
        """In place of the lists before, which are left."""
        self._let_go()
        self._loading = True
        try:
            self._facts.load(facts, warmup)
        finally:
            self._loading = False
        self._unsaved.start_from(self._lists())
        self.left.emit()

    @Slot(object)
    def _copied(self, copied: Copied) -> None:
        """What changed since the copy was made still waits, and is written into it."""
        spare = copied.original_is_spare
        if copied.opened is not None:
            self._opened(copied.opened)
        else:
            copied.original.close()
            mark_closed(self.settings, copied.original.folder)
            self._adopt(copied.session)
            self._timer.start(PAUSE_MS)
            self.copied.emit()
        if spare and self.session is copied.session:
            shutil.rmtree(copied.original.folder, ignore_errors=True)
            forget_session(self.settings, copied.original.folder)

    def _adopt(self, session: "Session") -> None:
        self.session = session
        if not session.read_only:
            mark_open(self.settings, session.folder)
        remember_session(self.settings, session.folder)
        self._watch.start()
        self.changed.emit()

    @Slot(object)
    def _was_saved(self, session: object) -> None:
        self._take_written()
        self.saved_at, self.is_failing = time.monotonic(), False
        if self.session is None and session is not None:
            self._adopt(session)  # type: ignore[arg-type]
        self.saved.emit()

    @Slot(object)
    def _save_failed(self, error: Exception) -> None:
        self._take_written()
        self.is_failing = True
        self._timer.start(RETRY_MS)
        self.not_saved.emit(error)
