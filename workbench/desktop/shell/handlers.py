"""What each action of the window does."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QDropEvent

from workbench.desktop.background import Background
from workbench.desktop.facts import Batch, State
from workbench.desktop.facts.drops import local_file
from workbench.desktop.questions import may_discard, may_start_over
from workbench.desktop.shell.ledger_handlers import LedgerHandlers
from workbench.desktop.shell.notices import Notice
from workbench.desktop.shell.session_handlers import SessionHandlers
from workbench.desktop.shell.situation import NO_ENGINE, reasons
from workbench.desktop.shell.study_handlers import StudyHandlers
from workbench.editing.recipes import named_recipes
from workbench.errors import Cancelled, StepDamaged, WorkbenchError
from workbench.storage.log_file import unforeseen_in_words

if TYPE_CHECKING:
    from workbench.desktop.main_window import MainWindow
    from workbench.models.loaded import LoadedModel

_log = logging.getLogger("workbench")


class Handlers(QObject):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._fetching = Background(self)
        self._fetching.finished.connect(self._starter_read)
        self._fetching.failed.connect(self._starter_failed)
        self._fetching_warmup = Background(self)
        self._fetching_warmup.finished.connect(self._warmup_read)
        self._fetching_warmup.failed.connect(self._starter_failed)
        self._fetching_warmup.busy_changed.connect(window.desk.show_fetching)
        for fetching in (self._fetching, self._fetching_warmup):
            window.desk.keeper.left.connect(fetching.drop)
        self.sessions, self.ledger = SessionHandlers(window), LedgerHandlers(window)
        self.studies = StudyHandlers(window)

    def by_name(self) -> dict[str, Callable[[], object]]:
        window = self._window
        return {
            "new-session": self.sessions.new_session,
            "open-session": self.sessions.choose_session,
            "save-as": self.sessions.save_as,
            "duplicate": self.sessions.duplicate,
            "show-folder": self.sessions.show_folder,
            "export": self.export,
            "welcome": window.show_welcome,
            "quit": window.close,
            "load-model": self.load_model,
            "unload-model": self.unload_model,
            "warm-up": self.warm_up,
            "edit": self.edit,
            "pause": window.desk.run.toggle_pause,
            "stop": window.desk.run.stop_after_step,
            "discard": self.discard,
            "rewind": self.ledger.rewind,
            "branch": self.ledger.branch,
            "replay": self.ledger.replay,
            "name-run": self.ledger.name_run,
            "note-run": self.ledger.note_run,
            "calibrate": self.studies.calibrate,
            "claims": self.studies.claims,
            "next-pane": window.navigation.go_on,
            "reset-layout": window.reset_layout,
            "full-screen": self.toggle_full_screen,
            "preferences": self.preferences,
            "palette": self.palette,
            "method-help": self.method_help,
            "shortcuts": self.shortcuts,
            "about": self.about,
        }

    def open_session(self, path: Path) -> None:
        self.sessions.open_session(path)

    # Model

    @Slot()
    def load_model(self) -> None:
        from workbench.desktop.model.load_dialog import LoadDialog

        self._open_load_dialog(LoadDialog(self._window.settings, self._window))

    def load_source(self, source: str) -> None:
        """Without a question."""
        from workbench.desktop.shell.load_at_once import LoadAtOnce

        if self.is_refused("load-model"):
            return
        self._open_load_dialog(LoadAtOnce(self._window.settings, source, self._window))

    def _open_load_dialog(self, dialog: object) -> None:
        from workbench.desktop.model.load_dialog import LoadDialog

        assert isinstance(dialog, LoadDialog)
        dialog.loaded.connect(self._model_loaded)
        dialog.broken.connect(self.tell_broken)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(object)
    def _model_loaded(self, loaded: LoadedModel) -> None:
        window = self._window
        window.leave_welcome()
        window.desk.set_model(loaded)
        _log.info(
            "Loaded %s (%s, %s parameters)", loaded.source, loaded.architecture, f"{loaded.parameters:,}"
        )
        if other := window.desk.other_model():
            window.telling.tell_other_model(other)

    @Slot()
    def unload_model(self) -> None:
        self._window.desk.set_model(None)
        _log.info("The model was unloaded")

    @Slot()
    def open_starter(self) -> None:
        """The small model and the facts that come with the workbench, in a session of their own."""
        desk = self._window.desk
        if reason := reasons(desk.situation())["load-model"]:
            if reason == NO_ENGINE:
                self._window.when_engine_ready(self.open_starter)
            else:
                self.is_refused("load-model")
            return
        from workbench.desktop.shell.starter_session import starter_facts

        if self.sessions.begun:
            desk.start_new()
            if self.sessions.begun:  # the one before cannot be left
                return
        self._fetching.start(lambda _tell, _cancel: starter_facts())
        self.load_source("starter")

    @Slot(object)
    def _starter_read(self, lists: tuple[Batch, Batch]) -> None:
        facts, warmup = lists
        panel = self._window.facts
        for held, batch in ((panel.facts, facts), (panel.warmup, warmup)):
            panel.history.add(held, batch, "the starter's facts")
        panel.history.stack.clear()
        panel.show_list(panel.facts)
        panel.facts_page.table.clearSelection()

    @Slot(object)
    def _warmup_read(self, batch: Batch) -> None:
        panel = self._window.facts
        cannot = reasons(self._window.desk.situation())["warm-up"]
        if cannot or len(panel.warmup):  # something else was begun meanwhile
            return
        panel.history.add(panel.warmup, batch, "the warm-up facts that come with the workbench")
        sentence = (
            "facts that come with the workbench prepare the statistics; they leave the weights as they are."
        )
        self.tell(Notice(f"{len(panel.warmup):,} {sentence}"))
        self.warm_up()

    @Slot(object)
    def _starter_failed(self, error: Exception) -> None:
        self.tell_failure("Reading the starter's facts", error)

    # Runs

    @Slot()
    def warm_up(self) -> None:
        """With the facts that come with the workbench, where the person brought none."""
        desk = self._window.desk
        if not len(desk.facts.warmup):
            from workbench.desktop.shell.starter_session import warmup_facts

            self._fetching_warmup.start(lambda _tell, _cancel: warmup_facts())
            return
        afresh = self._asked_afresh("Warm up")
        if afresh is None:
            return
        self._try(
            "Starting the warm-up", lambda: desk.run.warm_up(desk.method.recipe(), desk.modules, afresh)
        )

    @Slot()
    def edit(self) -> None:
        desk = self._window.desk
        if desk.situation().unfinished:
            on_error = desk.method.recipe().on_error
            self._try("Going on", lambda: desk.run.go_on(on_error))
            return
        afresh = self._asked_afresh("Edit")
        if afresh is None:
            return
        self._tell_conflicts()
        recipe = desk.method.recipe()
        named = named_recipes().get(recipe.name)
        name = named.title if named else recipe.name
        self._try("Starting the edits", lambda: desk.run.edit(recipe, desk.modules, name, afresh))

    def _tell_conflicts(self) -> None:
        """The run goes on: of facts that contradict each other the later one counts."""
        facts = self._window.facts
        number = facts.facts.state_counts()[State.CONFLICT]
        if number:
            self.tell(
                Notice(
                    f"{number:,} facts have a prompt that another fact gives a different target; the later one counts.",
                    "warning",
                    key="conflicts",
                )
            )

    def _asked_afresh(self, what: str) -> bool | None:
        """Whether the run starts from the unedited model; None: the person thought better of it."""
        now = self._window.desk.situation()
        if not now.unfit or not now.edits:
            return bool(now.unfit)
        return True if may_start_over(self._window, what, now.unfit, now.edits) else None

    @Slot()
    def discard(self) -> None:
        desk = self._window.desk
        warming_up = desk.run.running and desk.run.bridge.progress.warming_up
        if (
            may_discard(self._window, "the warm-up" if warming_up else "the last run")
            and not desk.run.stopping
        ):
            self._try("Discarding the run", desk.run.discard)

    # Export

    @Slot()
    def export(self) -> None:
        from workbench.desktop.export.dialog import ExportDialog
        from workbench.desktop.export.kinds import export_kinds
        from workbench.desktop.export.source import ExportSource

        desk = self._window.desk
        if desk.keeper.session is None:
            return
        kinds = export_kinds(ExportSource(desk.bench, desk.keeper.session))
        dialog = ExportDialog(kinds, self._export_folder(), self._window)
        dialog.exported.connect(self._exported)
        dialog.broken.connect(self.tell_broken)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _export_folder(self) -> Path:
        kept = str(self._window.settings.value("export/folder", ""))
        return Path(kept) if kept and Path(kept).is_dir() else Path.home()

    @Slot(object)
    def _exported(self, path: Path) -> None:
        self._window.settings.setValue("export/folder", str(path.parent))
        _log.info("Exported to %s", path)

    # View and help

    @Slot()
    def toggle_full_screen(self) -> None:
        window = self._window
        if window.isFullScreen():
            window.showNormal()
        else:
            window.showFullScreen()

    @Slot()
    def preferences(self) -> None:
        from workbench.desktop.shell.preferences import PreferencesDialog, engine_of

        dialog = PreferencesDialog(self._window.settings, self._window)
        dialog.theme_chosen.connect(self._window.choose_theme)
        dialog.exec()
        self._window.desk.use(engine_of(self._window.settings))
        dialog.deleteLater()

    @Slot()
    def palette(self) -> None:
        from workbench.desktop.shell.palette import CommandPalette, command_groups

        dialog = CommandPalette(command_groups(self._window), self._window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot()
    def method_help(self) -> None:
        from workbench.desktop.help.page import HelpDialog

        self._window.show_side("help", HelpDialog)

    @Slot()
    def shortcuts(self) -> None:
        from workbench.desktop.shell.cheat_sheet import CheatSheet, group_of
        from workbench.desktop.shell.palette import command_groups

        groups = [group_of(title, actions) for title, actions in command_groups(self._window)]
        dialog = CheatSheet(groups, self._window)
        dialog.exec()
        dialog.deleteLater()

    @Slot()
    def about(self) -> None:
        from workbench.desktop.shell.about import AboutDialog

        dialog = AboutDialog(self._window)
        dialog.exec()
        dialog.deleteLater()

    # Telling

    def tell(self, notice: Notice) -> None:
        self._window.notices.show_notice(notice)

    def is_refused(self, name: str) -> bool:
        """Whether the action of this name cannot be done now; a notice says why for as long as that is so."""

        def why() -> str:
            return reasons(self._window.desk.situation())[name]

        reason = why()
        if reason:
            self.tell(Notice(reason, "warning", key="refused", holds=lambda: why() == reason))
        return bool(reason)

    @Slot(object)
    def tell_broken(self, error: BaseException) -> None:
        """What a dialog already showed in words goes to the log."""
        _log.error("Not foreseen", exc_info=error)

    def tell_failure(self, what: str, error: BaseException) -> None:
        import traceback

        details = "".join(traceback.format_exception(error))
        if isinstance(error, Cancelled):
            return
        if isinstance(error, WorkbenchError):
            said = f"{what} failed. {error}"
            self.tell(Notice(said, "bad", details, key=what, offers=self._ways_on(error)))
            _log.error("%s failed: %s", what, error)
        else:
            self.tell(Notice(unforeseen_in_words(error, what), "bad", details, key=what))
            _log.error("%s failed", what, exc_info=error)

    def _ways_on(self, error: WorkbenchError) -> list[tuple[str, Callable[[], object]]]:
        if not isinstance(error, StepDamaged):
            return []
        back = partial(self._window.desk.run.rewind, error.run, error.step)
        return [(f"Continue from step {error.step:,}", lambda: self._try("Rewinding", back))]

    def _try(self, what: str, act: Callable[[], object]) -> None:
        try:
            act()
        except WorkbenchError as error:
            self.tell_failure(what, error)
        else:
            self._window.notices.withdraw(what)

    def take_dropped(self, path: Path) -> None:
        """A session opens, a model loads, anything else is read as facts."""
        from workbench.session.paths import is_session

        window = self._window
        if is_session(path) or (path.name == "session.db" and is_session(path.parent)):
            self.open_session(path)
        elif path.is_dir() or path.suffix.lower() == ".gguf":
            window.when_engine_ready(lambda: self.load_source(str(path)))
        elif reason := window.facts.history.lock_reason:
            locked = window.facts.history
            self.tell(Notice(reason, "warning", key="refused", holds=lambda: locked.lock_reason == reason))
        else:
            window.leave_welcome()
            window.facts.import_file(path)

    def close_threads(self) -> None:
        self._fetching.close()
        self._fetching_warmup.close()
        self.sessions.close_threads()


def dropped_path(event: QDropEvent) -> Path | None:
    """The one file or folder that is dragged."""
    path = local_file(event)
    return path if path is not None and path.exists() else None
