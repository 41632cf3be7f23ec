"""Starts runs, passes commands on and follows them. What may be done when is in shell.situation."""

from collections.abc import Callable
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from workbench.desktop.background import Background, Tell
from workbench.desktop.bridge import Bridge
from workbench.desktop.facts import FactsPanel
from workbench.desktop.facts.store.states import IntArray
from workbench.desktop.run.fact_states import FactStates
from workbench.desktop.shell.situation import RUNNING, Activity
from workbench.desktop.workspace.keeper import SessionKeeper
from workbench.desktop.workspace.opened import CHAIN, Opened, Unfinished, read_session
from workbench.editing.events import EndReason, RunEnded, StepApplied, WarmupProgressed
from workbench.runner.bench import Bench, Order
from workbench.runner.events import JobFailed, RunBegan, RunnerEvent
from workbench.runner.runner import Runner

if TYPE_CHECKING:
    from workbench.editing.recipe import Recipe
    from workbench.models.modules import EditableModule


class RunController(QObject):
    changed = Signal()  # activity, pause, state of the model
    advanced = Signal(object)  # list of RunnerEvents; series and progress hold them already
    failed = Signal(object)  # JobFailed
    returned = Signal(str)  # the model is back in an earlier state, in words
    broke = Signal(str, object)  # what was tried, the exception

    def __init__(
        self, bench: Bench, keeper: SessionKeeper, facts: FactsPanel, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.bench, self._keeper, self._facts = bench, keeper, facts
        self.runner = Runner(bench)
        self.bridge = Bridge(self.runner, self)
        self.activity = Activity.NOTHING
        self.unfinished: Unfinished | None = None
        self.states = FactStates(facts)
        self._discarding = False
        self._asked_to_stop = False
        self._returning = Background(self)
        self._said_back = ""
        self.bridge.ticked.connect(self._follow)
        self.bridge.ended.connect(self._ended)
        self._returning.finished.connect(self._returned)
        self._returning.failed.connect(self._return_failed)

    @property
    def running(self) -> bool:
        return self.activity in RUNNING

    @property
    def stopping(self) -> bool:
        return self.running and (self._asked_to_stop or self._discarding)

    @property
    def discarding(self) -> bool:
        return self._discarding

    @property
    def paused(self) -> bool:
        return self.runner.paused

    def fresh(self) -> IntArray:
        """Places of the facts that no step has touched, in the order of the list."""
        return np.flatnonzero(self._facts.facts.steps < 0)

    def warm_up(self, recipe: "Recipe", modules: "tuple[EditableModule, ...]", afresh: bool = False) -> None:
        """Raises SessionError and DiskFull where no session can be made."""
        from workbench.editing.job import Job
        from workbench.models.places import cache_folder

        facts = list(self._facts.warmup.facts[: recipe.warmup_facts])
        job = Job((), facts, text_cache=cache_folder() / "texts")
        self._start(Activity.WARMING_UP, Order(self._keeper.need(), job, recipe, modules, "Warm-up", afresh))

    def edit(
        self, recipe: "Recipe", modules: "tuple[EditableModule, ...]", name: str, afresh: bool = False
    ) -> None:
        """The facts that no step has touched. Raises as ``warm_up``."""
        from workbench.editing.job import Job
        from workbench.models.places import cache_folder

        if afresh:
            self._facts.facts.reset_states()
        places = self.fresh()
        facts = [self._facts.facts[i] for i in places.tolist()]
        job = Job(facts, (), text_cache=cache_folder() / "texts")
        self.states.begin(places, recipe.batch)
        self._start(Activity.EDITING, Order(self._keeper.need(), job, recipe, modules, name, afresh))

    def go_on(self) -> None:
        """With the unfinished run."""
        last = self.unfinished
        if last is None:
            return
        session = self._keeper.need()
        if not last.warming_up:
            self.states.begin(self.states.rows, session.run(last.run).recipe.batch)
        activity = Activity.WARMING_UP if last.warming_up else Activity.EDITING
        self._begin(activity, partial(self.bench.go_on, session, last.run))

    def toggle_pause(self) -> None:
        if self.runner.paused:
            self.runner.resume()
        else:
            self.runner.pause()
        self.changed.emit()

    def stop_after_step(self) -> None:
        self._asked_to_stop = True
        self.runner.stop_after_step()
        self.changed.emit()

    def discard(self) -> None:
        """Of a run that goes on, or of the last one."""
        if self.running:
            self._discarding = True
            self.runner.stop()
            self.changed.emit()
        else:
            self._return(self.bench.chain[:-1], "The last run was taken back")

    def restore(self, opened: Opened) -> None:
        """The model that was loaded, in the state that the session tells."""
        self._return(opened.chain, "The model is as the session left it")

    def show(self, opened: Opened) -> None:
        """Curves, scores and states of facts of a session that was just opened."""
        self.unfinished = opened.unfinished
        self.states.rows = opened.rows
        self.bridge.show_again(opened.events)
        touched = np.flatnonzero(opened.steps >= 0)
        if len(touched):
            self._facts.set_states(touched, opened.states[touched], opened.steps[touched].astype(np.int32))
        self.changed.emit()

    def forget(self) -> None:
        """Another session or none: nothing has run yet."""
        self.unfinished = None
        self.states.rows = np.empty(0, np.int64)
        self.bridge.show_again([])
        self.changed.emit()

    def close(self) -> None:
        """Stops what runs and waits for its thread."""
        self.bridge.close()
        self.runner.kill()
        self.runner.join()
        self._returning.close()

    def _start(self, activity: Activity, order: Order) -> None:
        self.unfinished = None
        self._begin(activity, partial(self.bench.run, order))

    def _begin(self, activity: Activity, work: Callable[..., object]) -> None:
        self.activity = activity
        self._discarding = self._asked_to_stop = False
        if self.unfinished is None:
            self.bridge.expect(activity is Activity.WARMING_UP)
        self.runner.start(work)  # type: ignore[arg-type]  # a partial of bench.run or go_on
        self.bridge.watch()
        self.changed.emit()

    @Slot(object)
    def _follow(self, events: list[RunnerEvent]) -> None:
        if self.activity is Activity.EDITING:
            self.states.follow(events, self.bridge.progress.facts_done)
        for event in events:
            if isinstance(event, (StepApplied, WarmupProgressed)):
                self._keeper.note_saved()
            if isinstance(event, RunBegan):
                self._keeper.keep_chain(self.bench.chain)
            elif isinstance(event, RunEnded) and event.reason is not EndReason.FINISHED:
                self._note_unfinished(event)
        self.advanced.emit(events)
        for event in events:
            if isinstance(event, JobFailed):  # last: the begin of a run withdraws the notice of the one before
                self.failed.emit(event)

    def _note_unfinished(self, event: RunEnded) -> None:
        warming_up = self.activity is Activity.WARMING_UP
        self.unfinished = Unfinished(self.bridge.progress.run, event.steps_done, False, warming_up)

    @Slot()
    def _ended(self) -> None:
        self.states.end()
        discarding, self._discarding = self._discarding, False
        self._asked_to_stop = False
        self.activity = Activity.NOTHING
        self._keeper.keep_chain(self.bench.chain)
        if discarding and self.bench.chain:
            self._return(self.bench.chain[:-1], "The run was taken back")
        else:
            self.changed.emit()

    def _return(self, chain: list[int], said: str) -> None:
        """In a worker; then facts and curves tell what is left."""
        self._keeper.flush()
        session, bench = self._keeper.need(), self.bench
        self.activity, self._said_back = Activity.RETURNING, said

        def work(_tell: Tell, _cancel: Event) -> object:
            bit_equal = bench.return_to(session, chain)
            if not session.read_only:
                session.set_setting(CHAIN, list(chain))
            return bit_equal, read_session(session)

        self._returning.start(work)
        self.changed.emit()

    @Slot(object)
    def _returned(self, result: tuple[bool, Opened]) -> None:
        bit_equal, opened = result
        self.activity = Activity.NOTHING
        self._facts.facts.reset_states()
        self.show(opened)
        rounded = (
            "" if bit_equal else " This computer rounds otherwise: the last digits of the weights differ."
        )
        self.returned.emit(f"{self._said_back}.{rounded}")

    @Slot(object)
    def _return_failed(self, error: Exception) -> None:
        self.activity = Activity.NOTHING
        self.broke.emit("Bringing the model back", error)
        self.changed.emit()
