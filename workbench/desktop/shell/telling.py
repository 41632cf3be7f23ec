"""Turns what happens into notices and log lines."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot

from workbench.desktop.shell.notices import Notice
from workbench.desktop.shell.recent import mark_closed
from workbench.desktop.workspace.opened import Opened
from workbench.editing.events import (
    EndReason,
    Evaluated,
    MinibatchHalved,
    RunEnded,
    StepApplied,
    StepSkipped,
    WarmupProgressed,
)
from workbench.errors import WorkbenchError
from workbench.runner.events import JobFailed, RunBegan, RunnerEvent

if TYPE_CHECKING:
    from workbench.desktop.main_window import MainWindow

_log = logging.getLogger("workbench")

MODEL, RUN, SESSION, SAVING = "model", "run", "session", "saving"  # keys: one notice of each
OF_A_RUN = ("rounding", "skipped", "memory")  # keys of what the next run makes untrue


class Telling(QObject):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._wanted: Callable[[], object] = lambda: None  # what the offer of the last failure does
        desk = window.desk
        desk.run.advanced.connect(self._tell_events)
        desk.run.failed.connect(self._tell_failure)
        desk.run.returned.connect(self._tell_returned)
        desk.run.broke.connect(window.handlers.tell_failure)
        desk.keeper.left.connect(window.notices.clear)
        desk.keeper.opened.connect(self._tell_opened)
        desk.keeper.failed.connect(window.handlers.tell_failure)
        desk.keeper.not_saved.connect(self._tell_not_saved)
        desk.keeper.saved.connect(lambda: window.notices.withdraw(SAVING))
        window.plots.exported.connect(
            lambda path: self._tell(Notice(f"Written to {path}.", "good", key="plot"))
        )
        window.plots.export_failed.connect(lambda sentence: self._tell(Notice(sentence, "bad", key="plot")))

    def offer_left_open(self, folders: Sequence[Path]) -> None:
        """Sessions that were open when the program ended without closing them."""
        for folder in folders[:1]:
            self._tell(
                Notice(
                    f"The workbench ended while {folder.stem} was open. All up to the last finished step is saved.",
                    "warning",
                    key=SESSION,
                    offers=[
                        ("Open it", partial(self._window.handlers.open_session, folder)),
                        ("Leave it", partial(mark_closed, self._window.settings, folder)),
                    ],
                )
            )

    def _tell(self, notice: Notice) -> None:
        self._window.notices.show_notice(notice)

    @Slot(object)
    def _tell_events(self, events: list[RunnerEvent]) -> None:
        if not self._window.desk.run.running:
            return  # an earlier run, shown again
        for event in events:
            self._tell_event(event)

    def _tell_event(self, event: RunnerEvent) -> None:
        match event:
            case RunBegan():
                self._window.notices.withdraw(RUN, *OF_A_RUN)
                self._window.docks["model"].show_panel("run")
                if not event.warming_up:
                    self._show_answers()
                self._window.facts.show_list(
                    self._window.facts.warmup if event.warming_up else self._window.facts.facts
                )
                _log.info("Run %d began: %s", event.run, event.name)
                if not event.bit_equal:
                    self._tell(Notice("This computer rounds otherwise than the one before: results may differ in their "
                                      "last digits.", "warning", key="rounding"))  # fmt: skip
            case StepApplied():
                _log.info("Step %d: success %.3f → %.3f, %.1f s", event.step, event.success_before, event.success,
                          event.seconds)  # fmt: skip
            case WarmupProgressed():
                _log.info("Warm-up: %d of %d facts, %d rows", event.facts_done, event.facts_total, event.rows)
            case StepSkipped():
                what = "Warm-up batch" if event.warming_up else "Step"
                said = f"{what} {event.step:,} was skipped and its {event.facts:,} facts left out. {event.message}"
                self._tell(Notice(said, "warning", key="skipped"))
                _log.warning("%s", said)
            case Evaluated():
                _log.info("Scores after step %d: says it %.3f, in the chat %.3f, ES %.3f, GS %.3f, locality kept %.3f, "
                          "perplexity %.1f", event.step, event.scores.generated, event.scores.generated_chat,
                          event.scores.es, event.scores.gs, event.scores.locality_kept,
                          event.scores.perplexity)  # fmt: skip
            case MinibatchHalved():
                self._tell(Notice(f"Memory ran out: the run goes on with minibatches of {event.minibatch} and the same "
                                  "results.", "warning", key="memory"))  # fmt: skip
                _log.warning("Memory ran out: minibatches of %d", event.minibatch)
            case RunEnded():
                _log.info("The run ended (%s) after %.1f s. %s", event.reason, event.seconds, event.message)
                self._tell_end(event)

    def _show_answers(self) -> None:
        """Before and after, in place of a probe that nobody has asked anything."""
        dock, probe = self._window.docks["probe"], self._window.probe
        if dock.isVisible() and dock.current_panel() is probe and not probe.prompt_field.text():
            dock.show_panel("answers")

    def _tell_end(self, event: RunEnded) -> None:
        progress = self._window.desk.run.bridge.progress
        if event.reason is EndReason.STOPPED and not self._window.desk.run.discarding:
            what = "The warm-up" if progress.warming_up else f"The run, {progress.count()}"
            self._tell(
                Notice(f"{what}, was stopped; every finished step is saved.".replace("up,", "up"), key=RUN)
            )

    @Slot(object)
    def _tell_failure(self, failure: JobFailed) -> None:
        _log.error("%s\n%s", failure.sentence, failure.details.rstrip() if failure.expected else "")
        sentence = f"{failure.sentence[:1].upper()}{failure.sentence[1:]}"
        offers: list[tuple[str, Callable[[], object]]] = []
        run = self._window.desk.run
        if failure.unfit:
            self._tell_unfit(sentence, failure)
            return
        if failure.skippable and run.unfinished is not None:
            self._wanted = run.skip_and_go_on
            offers = [
                ("Skip these facts and go on", self._do_wanted),
                ("Stop", partial(self._window.notices.withdraw, RUN)),
            ]
        self._tell(Notice(f"{sentence} {failure.kept}", "bad", failure.details, key=RUN, offers=offers))

    def _tell_unfit(self, sentence: str, failure: JobFailed) -> None:
        """All of the facts that are too long are named in the details."""
        said, _, named = sentence.partition("\n")
        offers: list[tuple[str, Callable[[], object]]] = []
        begun = self._window.desk.run.begun
        if begun is not None and (again := begun.without(failure.unfit)):
            self._wanted = again
            offers = [("Leave it out" if len(failure.unfit) == 1 else "Leave them out", self._do_wanted)]
        self._tell(Notice(f"{said} Nothing was changed.", "bad", named, key=RUN, offers=offers))

    @Slot()
    def _do_wanted(self) -> None:
        """Once the engine's thread, which still tells its end, is gone."""
        run = self._window.desk.run
        if run.activity:
            run.changed.connect(self._do_wanted, Qt.ConnectionType.SingleShotConnection)
            return
        try:
            self._wanted()
        except WorkbenchError as error:
            self._window.handlers.tell_failure("Going on", error)

    @Slot(object)
    def _tell_not_saved(self, error: Exception) -> None:
        """Every time that it fails; withdrawn once it does not."""
        _log.error("Saving failed: %s", error, exc_info=None if isinstance(error, WorkbenchError) else error)
        said = f"Not saved: {self._window.desk.keeper.unsaved}. {error} Saving is tried again automatically."
        self._tell(Notice(said, "bad", key=SAVING))

    def tell_other_model(self, sentence: str) -> None:
        find = self._window.handlers.sessions.find_model
        self._tell(
            Notice(
                sentence,
                "warning",
                key=MODEL,
                offers=[("Find the right one…", find)],
                holds=lambda: self._window.desk.other_model() == sentence,
            )
        )

    @Slot(str)
    def _tell_returned(self, sentence: str) -> None:
        _log.info(sentence)
        self._tell(Notice(sentence, "good", key=RUN))

    @Slot(object)
    def _tell_opened(self, opened: Opened) -> None:
        window = self._window
        window.leave_welcome()
        window.notices.withdraw(SESSION)
        session = opened.session
        _log.info("Opened %s", session.folder)
        if session.read_only:
            said = f"{session.folder.stem} {session.why_read_only}: it was opened read-only."
            said += " Save it as another to work on."
            offers = [("Save as…", window.handlers.sessions.save_as)]
            holds = partial(getattr, window.desk.keeper, "read_only")
            self._tell(Notice(said, "warning", key=SESSION, offers=offers, holds=holds))
        window.probe.set_prompt(opened.prompt)
        if opened.unfinished is not None:
            how = "was cut off" if opened.unfinished.interrupted else "was stopped"
            step = f" after step {opened.unfinished.step:,}" if opened.unfinished.step else ""
            self._tell(Notice(f"Run {opened.unfinished.run} {how}{step}; every finished step is saved. With its model "
                              "loaded, Edit goes on with it.", "warning", key=RUN))  # fmt: skip
        if opened.model is not None and window.desk.loaded is None:
            self._offer_model(opened)
        elif other := window.desk.other_model():
            self.tell_other_model(other)

    def _offer_model(self, opened: Opened) -> None:
        from workbench.desktop.model.card import name_of

        assert opened.model is not None
        source = opened.model.source
        window = self._window

        def holds() -> bool:
            return window.desk.loaded is None

        if is_gone(source):
            find = partial(window.handlers.sessions.find_model, source)
            said = (
                f"This session edits {name_of(source)}, which is not in {source} any more: say where it is."
            )
            self._tell(Notice(said, "warning", key=MODEL, offers=[("Find it…", find)], holds=holds))
            return

        def load() -> None:
            window.when_engine_ready(lambda: window.handlers.load_source(source))

        self._tell(Notice(f"This session edits {name_of(source)}. Load it to probe, to go on or to export.", key=MODEL,
                          offers=[("Load it", load)], holds=holds))  # fmt: skip


def is_gone(source: str) -> bool:
    """Whether a model's source is a place on this computer where nothing is any more."""
    path = Path(source).expanduser()
    return path.is_absolute() and not path.exists()
