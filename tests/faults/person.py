"""What a person does with a session, a model and runs, as the window does it but without one."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from tests.faults.moments import Crashed, Moments
from tests.session.kept_runs import TEXTS, facts, recipe
from tests.tiny import tiny_model
from workbench.desktop.bridge import Bridge
from workbench.desktop.facts.store.batch import prepared
from workbench.desktop.facts.store.fact_list import FactList
from workbench.desktop.facts.store.states import IntArray, State, StateArray
from workbench.desktop.run.fact_states import FactStates
from workbench.desktop.workspace.opened import Opened, Unfinished, places, read_session
from workbench.desktop.workspace.splice import splice_between
from workbench.editing.batches import last_step_before
from workbench.editing.events import EndReason, Event, RunEnded
from workbench.editing.job import Job
from workbench.editing.recipe import Recipe
from workbench.errors import Cancelled, NonFinite, SessionError
from workbench.facts.fact import Fact
from workbench.models.modules import select
from workbench.runner.bench import Bench, BranchOrder, Order
from workbench.runner.control import GatedControl
from workbench.runner.events import RunBegan
from workbench.runner.runner import Runner
from workbench.session.folder import Session
from workbench.session.keeping import Keeping
from workbench.session.lineage import Chain, before_last, chain_to, set_standing, standing
from workbench.session.records import StepRecord
from workbench.session.state import fingerprint

KEEPING = Keeping(checkpoint_every=3)
RECIPES: dict[str, Recipe] = {
    "plain": recipe(),
    "plain, scored": recipe(step_size=4e-3, evaluate_every=2),
    "protected": recipe(protection=10.0, memory=0.5, warmup_memory=1.0),
    "protected, three passes": recipe(protection=10.0, memory=0.5, warmup_memory=1.0, passes=3),
    "warm-up edits": recipe(warmup_mode="edits", memory=1.0),
}


@dataclass(frozen=True, slots=True)
class Ending:
    """``kind``: "whole", "stop", "after step" and "discard" at a look at the control, "fail" at a solve, "crash" at a
    write; ``saved``: whether facts and standing were on the disk when the run began."""

    kind: str = "whole"
    at: int = 0
    saved: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """After a step: every weight of the model, and which facts the steps behind it edited at which step."""

    weights: str
    edited: Mapping[Fact, int]


Book = dict[tuple[int, int], Known]  # by run and editing step; of a warm-up run step 0


Work = Callable[[GatedControl], Iterator[Event | RunBegan]]


class Watched(GatedControl):
    """Stops at a look."""

    def __init__(self, bench: Bench, ending: Ending) -> None:
        super().__init__(bench.gate, lambda _event: None)
        self._ending, self._looks = ending, 0

    def is_set(self) -> bool:
        here, self._looks = self._looks, self._looks + 1
        if here == self._ending.at and self._ending.kind in ("stop", "discard"):
            self.stop()
        if here == self._ending.at and self._ending.kind == "after step":
            self.stop_after_step()
        return super().is_set()


class Person:
    """``facts`` and ``warmup`` are the tables, with the states and steps that they show."""

    def __init__(self, root: Path) -> None:
        self.root, self.bench = root, Bench()
        self.session: Session | None = None
        self.facts, self.warmup = FactList(), FactList(State.WARM_UP)
        self.unfinished: Unfinished | None = None
        self.books: dict[Path, Book] = {}
        self.load()
        self.unedited = weights_of(self.bench)
        self._behind = Known(self.unedited, {})  # the last step of the run that goes on
        self._typed = self._folders = 0
        self._saved: dict[str, list[Fact]] = {}
        self._show_nothing()

    def set_states(self, rows: IntArray, states: StateArray | State, steps: IntArray | None = None) -> None:
        self.facts.set_states(rows, states, None if steps is None else np.int32(steps))  # type: ignore[arg-type]

    @property
    def book(self) -> Book:
        assert self.session is not None
        return self.books[self.session.folder]

    @property
    def stands(self) -> Chain:
        return Chain(tuple(self.bench.chain), dict(self.bench.cuts))

    @property
    def can_go_on(self) -> bool:
        last = self.unfinished
        if last is None or last.run not in self.bench.chain or last.run in self.bench.cuts:
            return False
        return last.warming_up or self.states.complete

    def need(self) -> Session:
        if self.session is None:
            self.session = Session.create(self._new_folder(), keeping=KEEPING)
            self.books[self.session.folder] = {}
        return self.session

    def add(self, table: FactList, count: int) -> None:
        table.append(prepared(facts(count, self._typed)))
        self._typed += count
        self.save()

    def remove(self, table: FactList, place: int) -> None:
        table.remove(np.array([place]))
        self.save()

    def save(self) -> None:
        """Lists and where the session stands, as the keeper writes them."""
        session = self.need()
        lists = {"edit": list(self.facts.facts), "warmup": list(self.warmup.facts)}
        with session.together():
            for kind, now in lists.items():
                splice = splice_between(self._saved[kind], now)
                if splice is not None:
                    session.splice_facts(kind, splice.start, splice.removed, splice.facts)  # type: ignore[arg-type]
        self._saved = lists
        if self.bench.loaded is not None:
            set_standing(session, self.stands)

    def load(self) -> None:
        """In place of a model that may be there; the session's state is brought into it."""
        self.bench.set_model(tiny_model())
        if self.session is not None:
            self._return(standing(self.session))

    def unload(self) -> None:
        self.bench.set_model(None)

    def warm_up(self, chosen: Recipe, ending: Ending) -> None:
        job = Job((), list(self.warmup.facts), TEXTS, TEXTS)
        self._run(job, chosen, "Warm-up", ending)

    def edit(self, chosen: Recipe, ending: Ending) -> None:
        """The facts that no step has touched; all where the state of the model is of no use."""
        if self._unfit(chosen):
            self.facts.reset_states()
        rows = np.flatnonzero(self.facts.steps < 0)
        self.states.begin(rows)
        self._run(Job([self.facts[i] for i in rows.tolist()], (), TEXTS, TEXTS), chosen, "Edit", ending)

    def _run(self, job: Job, chosen: Recipe, name: str, ending: Ending) -> None:
        session, loaded = self.need(), self.bench.loaded
        assert loaded is not None
        modules, afresh = select(loaded.modules, chosen.modules), self._unfit(chosen)
        if afresh and not job.facts:
            self.facts.reset_states()
        order = Order(session, job, chosen, modules, name, afresh)
        self.unfinished = None
        self.bridge.expect(not job.facts)
        self._behind = self.known(Chain() if afresh else self.stands)
        self._follow(partial(self.bench.run, order), ending)

    def _unfit(self, chosen: Recipe) -> bool:
        assert self.bench.loaded is not None
        return bool(self.bench.why_afresh(chosen, select(self.bench.loaded.modules, chosen.modules)))

    def go_on(self, ending: Ending, skip_next: bool = False) -> None:
        assert self.unfinished is not None
        session, run = self.need(), self.unfinished.run
        record = session.run(run)
        if record.facts:
            self.states.begin(self.states.rows)
        self._behind = self.known(chain_to(session, run))
        self._follow(partial(self.bench.go_on, session, run, skip_next=skip_next), ending)

    def branch(self, order: BranchOrder, ending: Ending) -> None:
        session, step = order.session, order.step
        if order.removed:
            step = last_step_before(order.removed, session.step_sizes(order.run))
        self.save()
        opened = read_session(session, chain_to(session, order.run, step))
        rows = np.delete(places(session.job(order.run).facts, opened.facts.facts), list(order.removed))
        self.facts.reset_states()
        self._show(opened)
        self.states.begin(rows)
        self.unfinished = None
        self._behind = self.known(chain_to(session, order.run, step))
        self._follow(partial(self.bench.branch, order), ending, may_refuse=order.recipe is not None)

    def rewind(self, run: int, step: int) -> None:
        self._return(chain_to(self.need(), run, step))

    def discard(self) -> None:
        self._return(before_last(self.need(), self.stands))

    def close(self) -> None:
        """And begin with empty lists."""
        if self.session is not None:
            self.save()
            self.session.close()
        self.session = None
        if self.bench.loaded is not None:
            self.bench.return_to(None, [])  # type: ignore[arg-type]  # no chain, no session
        self._show_nothing()

    def open(self, folder: Path) -> None:
        self.close()
        self.session = Session.open(folder, keeping=KEEPING)
        opened = read_session(self.session)
        self.facts.append(opened.facts)
        self.warmup.append(opened.warmup)
        self._saved = {"edit": list(self.facts.facts), "warmup": list(self.warmup.facts)}
        self._show(opened)
        if self.bench.loaded is not None:
            self._return(standing(self.session))

    def save_as(self) -> None:
        session = self.need()
        self.save()
        copy = session.copy_to(self._new_folder())
        self.books[copy] = dict(self.book)
        self.open(copy)

    def crash(self, copy: Path | None = None) -> None:
        """Nothing is closed or saved; another program opens what was on the disk then, without a model."""
        session, folder = self.need(), copy or self._new_folder()
        if copy is None:
            shutil.copytree(session.folder, folder)
        session.close()
        self.books[folder] = self.books.pop(session.folder)
        shutil.rmtree(session.folder)
        self.session, self.bench = None, Bench()
        self.open(folder)
        begun = {run.id for run in self.need().runs()}
        for run, step in list(self.book):
            if run not in begun and (run, step + 1) not in self.book:  # cut off before it was in the session
                del self.book[run, step]

    def known(self, chain: Chain) -> Known:
        """What the weights must be after these runs."""
        if not chain.runs or self.session is None:
            return Known(self.unedited, {})
        last = chain.runs[-1]
        step = chain.cut(last)
        return self.book[last, self.session.run(last).steps_done if step is None else step]

    def _follow(self, work: Work, ending: Ending, may_refuse: bool = False) -> None:
        before = self.stands
        if ending.saved or ending.kind != "crash":
            self.save()
        moments = Moments(
            kept=self._note_step,
            started=self._note_run,
            crash_at=ending.at if ending.kind == "crash" else None,
            fail_at=ending.at if ending.kind == "fail" else None,
            folder=self.need().folder,
            copy=self._new_folder(),
        )
        began = False
        try:
            with moments.installed():
                for event in work(Watched(self.bench, ending)):
                    began = began or isinstance(event, RunBegan)
                    if isinstance(event, RunBegan) and ending.saved:
                        self.save()
                    self._take(event)
                if ending.kind == "crash":
                    moments.crash()
        except (Cancelled, NonFinite):
            pass
        except SessionError:
            if began or not may_refuse:
                raise
        except Crashed:
            self.crash(moments.copy)
            return
        self.states.end()
        if not began:
            self._return(before, rebuild=self.stands != before)
            return
        self.save()
        if ending.kind == "discard":
            self.discard()

    def _take(self, event: Event | RunBegan) -> None:
        self.bridge._add(event)
        progress, series = self.bridge.progress, self.bridge.series
        if not progress.warming_up:
            self.states.follow([event], progress.facts_done, series.fact_history)
        if isinstance(event, RunEnded):
            whole = event.reason is EndReason.FINISHED
            stopped = Unfinished(progress.run, event.steps_done, False, progress.warming_up)
            self.unfinished = None if whole else stopped

    def _note_run(self, run: int) -> None:
        record = self.need().run(run)
        edited = self._behind.edited
        self.book[run, record.parent_step or 0] = Known(weights_of(self.bench), edited)

    def _note_step(self, kept: StepRecord) -> None:
        edited = dict(self._behind.edited)
        if kept.position.editing:
            batch = self.need().job(kept.run).facts[kept.first_fact : kept.first_fact + kept.facts]
            edited |= {fact: kept.position.step for fact in batch if not kept.skipped}
        known = Known(weights_of(self.bench), edited)
        at = kept.run, kept.position.step if kept.position.editing else 0
        before = self.book.get(at) if kept.position.editing else None
        assert before in (None, known), f"step {at} was done again with another result"
        self.book[at] = self._behind = known

    def _return(self, chain: Chain, rebuild: bool = True) -> None:
        session = self.need()
        if rebuild:
            assert self.bench.return_to(session, chain.runs, chain.cuts), "the way back rounds otherwise"
            set_standing(session, chain)
        self.facts.reset_states()
        self._show(read_session(session, chain))

    def _show(self, opened: Opened) -> None:
        self.unfinished = opened.unfinished
        self.states.stand(opened.rows)
        self.bridge.show_again(opened.events)
        touched = opened.touched
        self.set_states(touched, opened.states[touched], opened.steps[touched])

    def _show_nothing(self) -> None:
        self.unfinished, self._saved = None, {"edit": [], "warmup": []}
        self.facts.observers.clear()
        self.bridge, self.states = Bridge(Runner(self.bench)), FactStates(self)  # type: ignore[arg-type]
        for table in (self.facts, self.warmup):
            table.remove(np.arange(len(table)))

    def _new_folder(self) -> Path:
        self._folders += 1
        return self.root / f"{self._folders}.stableedit"


def weights_of(bench: Bench) -> str:
    """Of every tensor of the model."""
    assert bench.loaded is not None
    return fingerprint(dict(bench.loaded.model.named_parameters()))
