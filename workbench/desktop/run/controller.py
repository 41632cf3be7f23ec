"""Starts runs, passes commands on and follows them. What may be done when is in shell.situation."""

from collections.abc import Callable, Collection
from functools import partial
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from workbench.desktop.background import Background, Tell
from workbench.desktop.bridge import Bridge
from workbench.desktop.facts import FactsPanel
from workbench.desktop.facts.store.states import IntArray
from workbench.desktop.run.begun import Begun
from workbench.desktop.run.fact_states import FactStates
from workbench.desktop.run.progress import RunProgress
from workbench.desktop.shell.situation import RUNNING, Activity
from workbench.desktop.study import CancelControl
from workbench.desktop.workspace.keeper import SessionKeeper
from workbench.desktop.workspace.opened import Opened, Unfinished, places, read_session
from workbench.editing.events import (
    EndReason,
    Progressed,
    RunEnded,
    StepApplied,
    StepSkipped,
    WarmupProgressed,
)
from workbench.errors import Cancelled, WorkbenchError
from workbench.facts.fact import Fact
from workbench.runner.bench import Bench, BranchOrder, Order
from workbench.runner.events import JobFailed, RunBegan, RunnerEvent
from workbench.runner.runner import Runner

if TYPE_CHECKING:
    from workbench.editing.recipe import Recipe
    from workbench.models.modules import EditableModule
    from workbench.session.lineage import Chain

NOT_BEGUN = "The run was stopped before it began; nothing was changed"


class RunController(QObject):
    changed = Signal()  # activity, pause, state of the model
    advanced = Signal(object)  # list of RunnerEvents; series and progress hold them already
    failed = Signal(object)  # JobFailed
    ended = Signal()  # a run, however it did
    returned = Signal(str)  # the model is back in an earlier state, in words
    came_nearer = Signal()  # to that state, as ``way_back`` tells
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
        facts.facts_page.model.wrote = self._wrote
        self._discarding = False
        self._asked_to_stop = False
        self._returning = Background(self, told_to_the_end=True)
        self._preparing = Background(self, told_to_the_end=True)
        self._said_back = ""
        self.way_back = RunProgress()  # how far the model is brought back
        self._before: Chain | None = None  # where the model stood when a run was asked for that has not begun
        self._refused = False  # it could not begin
        self.begun: Begun | None = None
        self.bridge.ticked.connect(self._follow)
        self.bridge.ended.connect(self._ended)
        self._returning.progressed.connect(self._came_nearer)
        self._returning.finished.connect(self._returned)
        self._returning.failed.connect(self._return_failed)
        self._preparing.finished.connect(self._start_branch)
        self._preparing.failed.connect(self._prepare_failed)

    @property
    def running(self) -> bool:
        return self.activity in RUNNING

    @property
    def stopping(self) -> bool:
        busy = self.running or self.activity is Activity.RETURNING
        return busy and (self._asked_to_stop or self._discarding)

    @property
    def under_way(self) -> RunProgress:
        """Of the run, or of the way back."""
        return self.way_back if self.activity is Activity.RETURNING else self.bridge.progress

    @property
    def discarding(self) -> bool:
        return self._discarding

    @property
    def paused(self) -> bool:
        return self.runner.paused

    def fresh(self) -> IntArray:
        """Places of the facts that no step has touched, in the order of the list."""
        return np.flatnonzero(self._facts.facts.steps < 0)

    def rows_of_step(self, step: int) -> IntArray:
        """Rows of the table that hold the facts of a step of the run that is shown, ascending."""
        return self.states.rows_of(self.bridge.series.fact_history.facts_of(step))

    def _wrote(self, row: int) -> str:
        return self.states.wrote(row, self.bridge.series.fact_history)

    def warm_up(
        self,
        recipe: "Recipe",
        modules: "tuple[EditableModule, ...]",
        afresh: bool = False,
        left_out: Collection[Fact] = (),
    ) -> None:
        """Raises SessionError and DiskFull where no session can be made."""
        from workbench.editing.job import Job
        from workbench.storage.places import cache_folder

        held = self._facts.warmup.facts
        facts = list(islice((fact for fact in held if fact not in left_out), recipe.warmup_facts))
        cache = cache_folder()
        job = Job((), facts, text_cache=cache / "texts", row_cache=cache / "rows")
        self.begun = Begun(facts, left_out, partial(self.warm_up, recipe, modules, afresh))
        self._start(Activity.WARMING_UP, Order(self._keeper.need(), job, recipe, modules, "Warm-up", afresh))

    def edit(
        self,
        recipe: "Recipe",
        modules: "tuple[EditableModule, ...]",
        name: str,
        afresh: bool = False,
        left_out: Collection[Fact] = (),
    ) -> None:
        """The facts that no step has touched. Raises as ``warm_up``."""
        from workbench.editing.job import Job
        from workbench.storage.places import cache_folder

        if afresh:
            self._facts.facts.reset_states()
        held = self._facts.facts
        places = self.fresh()
        if left_out:
            places = np.array([i for i in places.tolist() if held[i] not in left_out], np.int64)
        facts = [held[i] for i in places.tolist()]
        cache = cache_folder()
        job = Job(facts, (), text_cache=cache / "texts", row_cache=cache / "rows")
        self.states.begin(places)
        self.begun = Begun(facts, left_out, partial(self.edit, recipe, modules, name, afresh))
        self._start(Activity.EDITING, Order(self._keeper.need(), job, recipe, modules, name, afresh))

    def go_on(self, on_error: str = "", skip_next: bool = False) -> None:
        """With the unfinished run. ``on_error``: that setting from here on, empty for the run's own; ``skip_next``:
        where its next step is not finite again, its facts are left out."""
        last = self.unfinished
        if last is None:
            return
        session = self._keeper.need()
        if not last.warming_up:
            self.states.begin(self.states.rows)
        activity = Activity.WARMING_UP if last.warming_up else Activity.EDITING
        work = partial(self.bench.go_on, session, last.run, skip_next=skip_next, on_error=on_error)
        self._begin(activity, work)

    def skip_and_go_on(self) -> None:
        """After a step that was not finite."""
        self.go_on(skip_next=True)

    def rewind(self, run: int, step: int) -> None:
        """The model after an editing step; 0: before the first. Later steps stay in the session."""
        from workbench.session.lineage import chain_to

        where = f"after step {step:,} of run {run}" if step else f"before the first edit of run {run}"
        chain = chain_to(self._keeper.need(), run, step)
        self._return(chain, f"The model is as it was {where}; later steps stay in the ledger")

    def branch(self, order: BranchOrder) -> None:
        """First the window shows the state that it goes on from, then the run begins."""
        self._keeper.flush()
        self.activity = Activity.PREPARING
        self._preparing.start(lambda _tell, _cancel: (order, *_before_branch(order)))
        self.changed.emit()

    def toggle_pause(self) -> None:
        if self.runner.paused:
            self.runner.resume()
        else:
            self.runner.pause()
        self.changed.emit()

    def stop_after_step(self) -> None:
        """Of a run; where the model is brought back, it is left as it was."""
        self._asked_to_stop = True
        if self.activity is Activity.RETURNING:
            self._returning.cancel()
        else:
            self.runner.stop_after_step()
        self.changed.emit()

    def discard(self) -> None:
        """Of a run that goes on, or of the last one."""
        if self.running:
            self._discarding = True
            self.runner.stop()
            self.changed.emit()
        else:
            self._take_back("The last run was discarded")

    def restore(self, chain: "Chain") -> None:
        """The model that was loaded, in the state where the session stands."""
        self._return(chain, "The model is as the session left it")

    def show_again(self, chain: "Chain") -> None:
        """What the session holds of these runs, whatever the model is."""
        self._return(chain, "", rebuild=False)

    def show(self, opened: Opened) -> None:
        """Curves, scores and states of facts of a session that was just opened."""
        self.unfinished = opened.unfinished
        self.states.stand(opened.rows)
        self.bridge.show_again(opened.events)
        touched = opened.touched
        if len(touched):
            self._facts.set_states(touched, opened.states[touched], opened.steps[touched].astype(np.int32))
        self.changed.emit()

    def forget(self) -> None:
        """The model is unedited, and so are the facts."""
        self.unfinished = None
        self._facts.facts.reset_states()
        self.states.stand(np.empty(0, np.int64))
        self.bridge.show_again([])
        self.changed.emit()

    def stop(self) -> None:
        """Whatever is under way, before the next minibatch; how it ends is told."""
        self._asked_to_stop = True
        self.runner.stop()
        self._returning.cancel()
        self._preparing.cancel()

    def close(self) -> None:
        """Stops what runs and waits for its thread."""
        self.bridge.close()
        self.runner.kill()
        self.runner.join()
        if self.running:
            self._keeper.keep_standing(self._before or self._stands())
        self._returning.close()
        self._preparing.close()

    def _start(self, activity: Activity, order: Order) -> None:
        self.unfinished = None
        self._begin(activity, partial(self.bench.run, order))

    def _begin(self, activity: Activity, work: Callable[..., object]) -> None:
        self.activity = activity
        self._before, self._refused = self._stands(), False
        self._discarding = self._asked_to_stop = False
        if self.unfinished is None:
            self.bridge.expect(activity is Activity.WARMING_UP)
        self.runner.start(work)  # type: ignore[arg-type]  # a partial of bench.run or go_on
        self.bridge.watch()
        self.changed.emit()

    @Slot(object)
    def _follow(self, events: list[RunnerEvent]) -> None:
        if self.activity is Activity.EDITING:
            self.states.follow(events, self.bridge.progress.facts_done, self.bridge.series.fact_history)
        for event in events if self.running else ():  # an earlier run that is shown again changes nothing
            if isinstance(event, (StepApplied, StepSkipped, WarmupProgressed)):
                self._keeper.note_saved()
            if isinstance(event, RunBegan):
                self._before = None
                self._keeper.keep_standing(self._stands())
            elif isinstance(event, RunEnded):
                self._note_end(event)
        self.advanced.emit(events)
        for event in (e for e in events if isinstance(e, JobFailed)):
            self._refused = True
            self.failed.emit(event)  # last: the begin of a run withdraws the notice of the one before

    def _note_end(self, event: RunEnded) -> None:
        if event.reason is EndReason.FINISHED:
            self.unfinished = None
            return
        warming_up = self.activity is Activity.WARMING_UP
        self.unfinished = Unfinished(self.bridge.progress.run, event.steps_done, False, warming_up)

    @Slot()
    def _ended(self) -> None:
        self.states.end()
        discarding, self._discarding = self._discarding, False
        self._asked_to_stop = False
        self.activity = Activity.NOTHING
        self.ended.emit()
        if self._before is not None:
            said = "" if self._refused else NOT_BEGUN
            self._return(self._before, said, rebuild=self._stands() != self._before)
            return
        self._keeper.keep_standing(self._stands())
        if discarding and self.bench.chain:
            self._take_back("The run was discarded")
        else:
            self.changed.emit()

    def _stands(self) -> "Chain":
        from workbench.session.lineage import Chain

        return Chain(tuple(self.bench.chain), dict(self.bench.cuts))

    def _take_back(self, said: str) -> None:
        from workbench.session.lineage import before_last

        try:
            chain = before_last(self._keeper.need(), self._stands())
        except WorkbenchError as error:
            self._return_failed(error)
        else:
            self._return(chain, said)

    def _return(self, chain: "Chain", said: str, rebuild: bool = True) -> None:
        """In a worker; then facts and curves tell what is left. ``said``: empty where the person knows;
        ``rebuild``: the model is not in that state yet."""
        try:
            self._keeper.flush()
            session, bench = self._keeper.need(), self.bench
        except WorkbenchError as error:
            self._return_failed(error)
            return
        self.activity, self._said_back = Activity.RETURNING, said
        self._asked_to_stop = False
        self.way_back.expect("", warming_up=False)

        def work(tell: Tell, cancel: Event) -> object:
            from workbench.session.lineage import set_standing

            control = CancelControl(cancel, tell)
            bit_equal = not rebuild or bench.return_to(session, chain.runs, chain.cuts, control)
            if rebuild and not session.read_only:
                set_standing(session, chain)
            return bit_equal, read_session(session, chain)

        self._returning.start(work)
        self.changed.emit()

    @Slot(object)
    def _start_branch(self, prepared: tuple[BranchOrder, Opened, IntArray]) -> None:
        order, opened, rows = prepared
        self._facts.facts.reset_states()
        self.show(opened)
        self.states.begin(rows)
        self.unfinished = None
        self._begin(Activity.EDITING, partial(self.bench.branch, order))

    @Slot(object)
    def _prepare_failed(self, error: Exception) -> None:
        self.activity = Activity.NOTHING
        self.broke.emit("Preparing the run", error)
        self.changed.emit()

    @Slot(object)
    def _came_nearer(self, event: Progressed) -> None:
        self.way_back.add(event)
        self.came_nearer.emit()

    @Slot(object)
    def _returned(self, result: tuple[bool, Opened]) -> None:
        bit_equal, opened = result
        self.activity, self._asked_to_stop = Activity.NOTHING, False
        self._facts.facts.reset_states()
        self.show(opened)
        rounded = "" if bit_equal else " This computer rounds differently: the last digits differ."
        if self._said_back or rounded:
            self.returned.emit(f"{self._said_back}.{rounded}" if self._said_back else rounded.strip())

    @Slot(object)
    def _return_failed(self, error: Exception) -> None:
        self.activity, self._asked_to_stop = Activity.NOTHING, False
        if not self.bench.chain:
            self.forget()
        if isinstance(error, Cancelled):
            self.returned.emit(str(error))
        else:
            self.broke.emit("Bringing the model back", error)
        self.changed.emit()


def _before_branch(order: BranchOrder) -> tuple[Opened, IntArray]:
    """What the window shows where the branch begins, and where its facts are in the table."""
    from workbench.editing.batches import last_step_before
    from workbench.session.lineage import chain_to

    step = order.step
    if order.removed:
        step = last_step_before(order.removed, order.session.step_sizes(order.run))
    opened = read_session(order.session, chain_to(order.session, order.run, step))
    rows = places(order.session.job(order.run).facts, opened.facts.facts)
    return opened, np.delete(rows, list(order.removed))
