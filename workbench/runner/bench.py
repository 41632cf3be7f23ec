"""The model in memory, what it has been through, and what is asked of it. One thread at a time uses it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event as Flag
from typing import TYPE_CHECKING

from workbench.editing.events import EndReason, Event, Phase, RunEnded
from workbench.errors import Cancelled, SessionError, WorkbenchError
from workbench.runner.control import GatedControl
from workbench.runner.events import RunBegan
from workbench.runner.gate import Gate

if TYPE_CHECKING:
    from workbench.editing.control import Control
    from workbench.editing.editor import Editor
    from workbench.editing.job import Job
    from workbench.editing.recipe import Recipe
    from workbench.editing.run import Run
    from workbench.evaluation.batching import Watch
    from workbench.models.loaded import LoadedModel
    from workbench.models.modules import EditableModule
    from workbench.session.folder import Session
    from workbench.session.recorder import RunRecorder
    from workbench.session.resume import GoingOn


@dataclass(frozen=True, slots=True)
class Order:
    """One run to be done. A warm-up has no facts in its job, an edit no warm-up facts."""

    session: "Session"
    job: "Job"
    recipe: "Recipe"
    modules: "Sequence[EditableModule]"
    name: str
    afresh: bool = False  # from the unedited model with empty statistics


@dataclass(frozen=True, slots=True)
class BranchOrder:
    """A run that goes on from a step of another, with other settings or without some of its facts."""

    session: "Session"
    run: int
    step: int = 0  # where it branches; with facts to leave out, the last step before the first of them
    recipe: "Recipe | None" = None  # None: the run's own
    removed: tuple[int, ...] = ()  # positions in the run's facts
    name: str = ""


class Bench:
    """``chain``: the runs of the session, in their order, whose work is in the editor; ``cuts``: run → the editing
    step up to which it is, where not all of it is."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.loaded: LoadedModel | None = None
        self.editor: Editor | None = None
        self.chain: list[int] = []
        self.cuts: dict[int, int] = {}
        self.warmup_rows = 0  # of ``rows``, those of warm-up steps; counted between runs

    @property
    def rows(self) -> int:
        """Answer tokens that the statistics have seen."""
        return self.editor.rows if self.editor is not None else 0

    def set_model(self, loaded: "LoadedModel | None") -> None:
        """In place of the one before, whose memory is given back once nobody looks at it. Never waits."""
        before, self.loaded, self.editor = self.loaded, loaded, None
        self._stand_at()
        if before is not None and before is not loaded:
            self.gate.when_free(before.release)

    def start_over(self) -> None:
        """The unedited model, behind no run; its weights follow once nobody looks at it. Never waits."""
        editor, self.editor = self.editor, None
        self._stand_at()
        if editor is not None:
            self.gate.when_free(editor.restore)

    def why_afresh(self, recipe: "Recipe", modules: "Sequence[EditableModule]") -> str:
        """What makes the state of the model useless for a run with these settings; empty where nothing does."""
        from workbench.editing.carrying import why_not_carried

        editor = self.editor
        if editor is None:
            return ""
        return why_not_carried(editor.made, recipe, (m.name for m in modules))

    def _stand_at(self, chain: Sequence[int] = (), cuts: Mapping[int, int] | None = None) -> None:
        self.chain, self.cuts, self.warmup_rows = list(chain), dict(cuts or {}), 0

    def _count_warmup(self, session: "Session") -> None:
        from workbench.session.lineage import Chain, rows_behind

        with suppress(WorkbenchError):  # a session that is gone was told
            warmup, total = rows_behind(session, Chain(tuple(self.chain), self.cuts))
            self.warmup_rows = (
                self.rows * warmup // max(total, 1)
            )  # each of the modules that share statistics counts

    def _keep_behind(self, session: "Session", run: int) -> None:
        from workbench.session.lineage import Chain, keep_behind

        keep_behind(session, run, Chain(tuple(self.chain), self.cuts))

    def run(self, order: Order, control: GatedControl) -> Iterator[Event | RunBegan]:
        """A new run. Whatever it raises, the model is then in its last kept state."""
        with self.gate.held():
            before = list(self.chain), dict(self.cuts)
            try:
                run, recorder = self._begun(order, control)
            except BaseException:
                with suppress(WorkbenchError):  # what went wrong first is what the person is told
                    self._return_to(order.session, *before)
                raise
            yield RunBegan(recorder.run, order.name, warming_up=not order.job.facts)
            yield from self._followed(run, order.session, control)

    def _begun(self, order: Order, control: GatedControl) -> "tuple[Run, RunRecorder]":
        from workbench.editing.run import Run

        if order.afresh:
            self._start_over()
        editor = self._editor_for(order)
        run = Run(editor, order.job, control)
        with order.session.together():
            recorder = order.session.start_run(editor, order.job, order.name)
            self._keep_behind(order.session, recorder.run)
        run.sink = recorder
        self.chain.append(recorder.run)
        return run, recorder

    def go_on(
        self, session: "Session", run: int, control: GatedControl, skip_next: bool = False, on_error: str = ""
    ) -> Iterator[Event | RunBegan]:
        """With a run that was stopped, failed or was cut off. ``skip_next``: where its next step is not finite again,
        it is left out; ``on_error``: that setting from here on, empty for the run's own."""
        from workbench.session.lineage import chain_to

        with self.gate.held():
            chain = chain_to(session, run)
            self._start_over()
            going = session.resume(self._model(), run, on_error or None, skip_next, _told(control))
            yield from self._going(going, session, [*chain.runs], dict(chain.cuts), control, going.done.steps)

    def branch(self, order: BranchOrder, control: GatedControl) -> Iterator[Event | RunBegan]:
        """Raises SessionError where it cannot begin; the model is then in the state that it was in."""
        from workbench.session.lineage import behind

        session = order.session
        with self.gate.held():
            before = list(self.chain), dict(self.cuts)
            self._start_over()
            try:
                going = self._branched(order, _told(control))
            except BaseException:
                self._return_to(session, *before)
                raise
            behind_it = behind(session, order.run)
            chain = [*behind_it.runs, going.recorder.run]
            yield from self._going(going, session, chain, dict(behind_it.cuts), control, going.done.steps)

    def _branched(self, order: BranchOrder, watch: "Watch") -> "GoingOn":
        session, model = order.session, self._model()
        if order.removed:
            return session.replay_without(model, order.run, order.removed, order.name, watch)
        return session.branch(model, order.run, order.step, order.recipe, name=order.name, watch=watch)

    def _going(
        self,
        going: "GoingOn",
        session: "Session",
        chain: list[int],
        cuts: dict[int, int],
        control: GatedControl,
        steps_before: int,
    ) -> Iterator[Event | RunBegan]:
        from workbench.editing.run import Run
        from workbench.session.lineage import chain_to

        self.editor = going.editor
        self._stand_at(chain, cuts)
        record = session.run(going.recorder.run)
        from_run = 0
        if record.parent is not None:
            from_run = chain_to(session, record.parent, record.parent_step or 0).runs[-1]
        yield RunBegan(record.id, record.name, not going.job.facts, steps_before, going.bit_equal, from_run)
        try:
            continued = Run(going.editor, going.job, control, going.recorder, going.done)
        except Cancelled as stop:  # while it encoded the facts
            ended = RunEnded(EndReason.STOPPED, record.facts_done, record.steps_done, 0.0, str(stop))
            going.recorder.keep_event(ended)
            yield ended
            return
        yield from self._followed(continued, session, control)

    def return_to(
        self,
        session: "Session",
        chain: Sequence[int],
        cuts: Mapping[int, int] | None = None,
        control: "Control | None" = None,
    ) -> bool:
        """The state after the last of these runs, or after the step of it that ``cuts`` names; with none, the unedited
        model. False: rounded otherwise than when it was made. Raises SessionError, and the model is unedited then, or
        Cancelled, and it is as it was."""
        with self.gate.visit(control):
            before = list(self.chain), dict(self.cuts)
            try:
                return self._return_to(session, chain, cuts or {}, control)
            except Cancelled:
                self._return_to(session, *before)
                raise

    def read_ahead(
        self, job: "Job", recipe: "Recipe", modules: "Sequence[EditableModule]", control: GatedControl
    ) -> None:
        """What a run of the job would ask of the unedited model; nothing where it is edited. Raises Cancelled and
        whatever reading raises."""
        from workbench.editing.ahead import read_ahead

        with self.gate.held():
            if (
                self.loaded is not None
                and not control.is_set()
                and (self.editor is None or not self.editor.model.is_edited)
            ):
                read_ahead(self.loaded, modules, recipe, job, control)

    @contextmanager
    def original(self, cancel: Flag | None = None) -> "Iterator[LoadedModel]":
        """The model with its unedited weights; a run waits meanwhile."""
        with self.gate.visit(cancel):
            if (editor := self.editor) is None:
                yield self._model()
            else:
                with editor.model.unedited():
                    yield editor.loaded

    @contextmanager
    def edited(self, cancel: Flag | None = None) -> "Iterator[LoadedModel]":
        """The model with everything that was applied so far, whatever a run has in it at the moment."""
        with self.gate.visit(cancel):
            if (editor := self.editor) is None:
                yield self._model()
            else:
                with editor.model.unedited():
                    editor.model.write_weights()
                    yield editor.loaded

    def _model(self) -> "LoadedModel":
        if self.loaded is None:
            raise SessionError("The model was taken out of memory: load it again.")
        return self.loaded

    def _editor_for(self, order: Order) -> "Editor":
        """The one at hand where settings and modules are its own, else one that takes its state over."""
        from workbench.editing.kinds import make_editor
        from workbench.session.state import load_state, state_tensors

        if why := self.why_afresh(order.recipe, order.modules):
            raise SessionError(
                f"The model was edited with different settings ({why}): set them back, or start over from the "
                "unedited one."
            )
        old, loaded = self.editor, self._model()
        if old is not None and old.recipe == order.recipe and old.modules == tuple(order.modules):
            return old
        state = {}
        if old is not None:
            state = {name: tensor.clone() for name, tensor in state_tensors(old).items()}
            old.restore()
        self.editor = make_editor(loaded, order.modules, order.recipe)
        try:
            if state:
                load_state(self.editor, state)
        except BaseException:
            self._start_over()
            raise
        return self.editor

    def _start_over(self) -> None:
        if self.editor is not None:
            self.editor.restore()
        self.editor = None
        self._stand_at()

    def _return_to(
        self,
        session: "Session",
        chain: Sequence[int],
        cuts: Mapping[int, int],
        control: "Control | None" = None,
    ) -> bool:
        from workbench.evaluation.batching import Watch

        self._start_over()
        if not chain:
            return True
        watch = Watch(control, control.progress(Phase.RETURNING, "steps")) if control is not None else None
        rebuilt = session.rebuild(self._model(), chain[-1], cuts.get(chain[-1]), watch)
        self.editor = rebuilt.editor
        self._stand_at(chain, cuts)
        self._count_warmup(session)
        return rebuilt.bit_equal

    def _followed(self, run: "Run", session: "Session", control: GatedControl) -> Iterator[Event]:
        try:
            for event in run.events():
                control.follow(event)
                yield event
            self._count_warmup(session)
        except GeneratorExit:
            raise
        except BaseException:
            del run
            with suppress(WorkbenchError):  # what went wrong first is what the person is told
                self._return_to(session, [*self.chain], {**self.cuts})
            raise


def _told(control: "Control") -> "Watch":
    """Tells how many steps are back in the model. A stop waits for the run that they lead to."""
    from workbench.evaluation.batching import Watch

    return Watch(None, control.progress(Phase.RETURNING, "steps"))
