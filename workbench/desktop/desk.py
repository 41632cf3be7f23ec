"""What the window holds beside its widgets: engine, session, run; and what they make possible together."""

import logging
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, QTimer, Signal, Slot

from workbench.desktop.ahead import Ahead, Request
from workbench.desktop.background import Background, Tell
from workbench.desktop.facts import FactsPanel
from workbench.desktop.method.panel import MethodPanel
from workbench.desktop.method.warmup import WarmupContext
from workbench.desktop.model.card import name_of
from workbench.desktop.model.panel import ModelPanel
from workbench.desktop.run.controller import RunController
from workbench.desktop.shell.preferences import EngineChoice
from workbench.desktop.shell.situation import READ_ONLY, Situation
from workbench.desktop.workspace.keeper import SessionKeeper
from workbench.desktop.workspace.opened import Opened
from workbench.editing.kinds import STABLEEDIT
from workbench.errors import SettingError, WorkbenchError
from workbench.runner.bench import Bench

if TYPE_CHECKING:
    from workbench.editing.recipe import Recipe
    from workbench.models.loaded import LoadedModel
    from workbench.models.modules import EditableModule
    from workbench.models.presets import Preset
    from workbench.session.records import ModelIdentity

SAMPLED = 200  # warm-up facts that the expected rows are taken from
_log = logging.getLogger("workbench")


class Desk(QObject):
    """Panels are given to it; dialogs and notices are the window's."""

    changed = Signal()  # anything that Situation tells; at most once a turn of the event loop
    model_changed = Signal(object)  # LoadedModel or None
    engine_failed = Signal(object)  # the exception of loading the engine

    def __init__(
        self, settings: QSettings, facts: FactsPanel, model: ModelPanel, method: MethodPanel, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.facts, self.model, self.method = facts, model, method
        self.bench = Bench()
        self.keeper = SessionKeeper(settings, facts, self)
        self.run = RunController(self.bench, self.keeper, facts, self)
        self.ahead = Ahead(self.bench, self._first_run, self)
        self.changed.connect(lambda: self.ahead.follow(self._may_read_ahead()))
        self.engine_ready = self.engine_broken = False
        self._loading_engine = Background(self, told_to_the_end=True)
        self._loading_engine.finished.connect(self._engine_loaded)
        self._loading_engine.failed.connect(self._engine_broke)
        self._fetching = ""  # facts for a warm-up that was asked for, in words that follow "while"
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._refresh)
        for signal in (facts.facts_changed, model.modules_changed, method.problem_changed, self.keeper.changed,
                       self.keeper.busy_changed, self.run.changed):  # fmt: skip
            signal.connect(self._soon.start)
        facts.facts_changed.connect(self._show_warmup)
        model.modules_changed.connect(self._take_modules)
        model.preset_chosen.connect(method.set_preset)
        method.recipe_changed.connect(self._take_recipe)
        method.editor_chosen.connect(self._take_editor)
        self.keeper.opened.connect(self._take_session)
        self.keeper.changed.connect(self._keep_settings)

    @property
    def loaded(self) -> "LoadedModel | None":
        return self.bench.loaded

    @property
    def modules(self) -> "tuple[EditableModule, ...]":
        return self.model.modules()

    def use(self, choice: EngineChoice) -> None:
        """From the next run on."""
        self.run.runner.threads = self.ahead.threads = choice.threads
        self.ahead.enabled = choice.ahead
        self._soon.start()

    def load_engine(self) -> None:
        """torch and what builds on it, in a worker, once the window is there."""
        self._loading_engine.start(_import_engine)

    def situation(self) -> Situation:
        recipe, run, loaded = self.method.recipe(), self.run, self.loaded
        unfit = self.bench.why_afresh(recipe, self.modules) if loaded is not None and not run.activity else ""
        steps = self.facts.facts.steps
        return Situation(
            engine_ready=self.engine_ready,
            engine_broken=self.engine_broken,
            model=name_of(loaded.source) if loaded is not None else "",
            modules=len(self.modules),
            facts=len(steps),
            fresh=int((steps < 0).sum()),
            warmup=len(self.facts.warmup),
            warms_up=recipe.warmup_mode != "none" and recipe.warmup_facts > 0,
            warmup_edits=recipe.warmup_mode == "edits",
            rows=self.bench.rows if not run.activity else run.bridge.progress.rows,
            warmup_rows=self.bench.warmup_rows,
            unfit=unfit,
            activity=run.activity,
            keeping=self.keeper.busy or self._fetching,
            paused=run.paused,
            stopping=run.stopping,
            runs=len(self.bench.chain),
            edits=int((steps >= 0).sum()) if loaded is not None and self.bench.chain else 0,
            unfinished=self._unfinished(unfit),
            read_only=self.keeper.read_only,
            problem=self.method.problem(),
            session=self.keeper.session is not None,
            lost=self.keeper.is_lost,
        )

    def set_model(self, loaded: "LoadedModel | None") -> None:
        """In place of the one before. A session's state is brought into it where there is one."""
        kept = self._settings_kept(loaded)
        self.bench.set_model(loaded)
        self.model.set_model(loaded)
        if loaded is not None:
            self._set_up_model(loaded, kept)
        self._show_warmup()
        self.model_changed.emit(loaded)
        self._follow_session()
        self.changed.emit()

    def other_model(self) -> str:
        """One sentence where the model that is loaded is not the one that the session's runs edited."""
        wanted, loaded = self._edited_model(), self.loaded
        if wanted is None or loaded is None or wanted.sha256 == loaded.sha256:
            return ""
        return (
            f"{name_of(loaded.source)} is not the model that this session edits ({name_of(wanted.source)}; SHA-256 "
            f"{wanted.sha256[:12]}…, this one {loaded.sha256[:12]}…): it is unedited, and the runs stay in the ledger."
        )

    def _edited_model(self) -> "ModelIdentity | None":
        """Of the runs behind where the session stands; None where there are none."""
        session, runs = self.keeper.session, self.keeper.standing().runs
        return session.run(runs[-1]).model if session is not None and runs else None

    def _follow_session(self) -> None:
        """The model that is loaded comes to where the session stands; another than its runs' is unedited, and so are
        the facts."""
        chain = self.keeper.standing()
        if self.loaded is None:
            if chain.runs:
                self.run.show_again(chain)
        elif chain.runs and not self.other_model():
            self.run.restore(chain)
        else:
            self.bench.start_over()
            self.run.forget()

    def start_new(self) -> None:
        """Empty lists, unless the session before cannot be left; the model that is loaded stays, unedited."""
        if self.keeper.start_new():
            self.run.forget()
            self._follow_session()

    def close(self) -> None:
        """Raises SessionError or DiskFull where the last changes could not be saved."""
        self.ahead.close()
        self.run.close()
        self._loading_engine.close()
        try:
            self.keeper.close()
        finally:
            self.keeper.close_threads()
            self.bench.set_model(None)

    def _may_read_ahead(self) -> bool:
        now = self.situation()
        can = now.engine_ready and now.model and now.modules and not now.problem and not now.read_only
        return bool(can and not (now.busy or now.unfit or now.edits))

    def _first_run(self) -> Request | None:
        """What a warm-up would be given now."""
        if self.loaded is None or not self._may_read_ahead():
            return None
        recipe = self.method.recipe()
        if recipe.editor != STABLEEDIT:  # another one reads other text
            return None
        warmup = tuple(islice(self.facts.warmup.facts, recipe.warmup_facts))
        return Request(self.loaded, self.modules, recipe, warmup)

    def _settings_kept(self, loaded: "LoadedModel | None") -> "Recipe | None":
        """Those in the panel, where they are the session's or were made with this very model; None: a preset's."""
        session, before = self.keeper.session, self.loaded
        again = before is not None and loaded is not None and before.sha256 == loaded.sha256
        return self.method.recipe() if again or (session is not None and session.model is not None) else None

    def _set_up_model(self, loaded: "LoadedModel", kept: "Recipe | None") -> None:
        preset = self.model.preset()
        if kept is not None:
            self._take_kept_settings(kept, preset)
        elif preset is not None:
            self.method.set_preset(preset)
        self.method.set_modules(self.model.pattern())
        from workbench.session.records import ModelIdentity

        if not self.other_model():
            self.keeper.keep_model(ModelIdentity.of(loaded))

    def _take_kept_settings(self, kept: "Recipe", preset: "Preset | None") -> None:
        try:
            self.model.set_pattern(kept.modules)
        except SettingError:  # another model than the settings'
            self.method.set_recipe(kept.with_(modules=self.model.pattern()))
            if preset is not None:
                self.method.set_preset(preset)
        else:
            self.method.set_recipe(kept)

    def _unfinished(self, unfit: str) -> str:
        last = self.run.unfinished
        if last is None or last.warming_up or unfit or last.run not in self.bench.chain:
            return ""
        editor = self.bench.editor
        if editor is None or last.run in self.bench.cuts or not self.run.states.complete:
            return ""
        if self.method.recipe().with_(on_error=editor.recipe.on_error) != editor.recipe:
            return ""
        return f"run {last.run} from step {last.step:,}"

    @Slot()
    def _refresh(self) -> None:
        reason = READ_ONLY if self.keeper.read_only else ""
        activity = self.run.activity
        if activity or self.keeper.opening:
            reason = f"Not while {activity or self.keeper.busy}."
        if reason:
            self.facts.lock(reason)
        else:
            self.facts.unlock()
        self.method.lock(f"Not while {activity}." if activity else "")
        self.model.lock(f"Not while {activity}." if activity else "")
        self.changed.emit()

    @Slot(bool)
    def show_fetching(self, goes_on: bool) -> None:
        self._fetching = "the warm-up facts are read" if goes_on else ""
        self._soon.start()

    @Slot(object)
    def _engine_loaded(self, _nothing: object) -> None:
        self.engine_ready = True
        self._soon.start()

    @Slot(object)
    def _engine_broke(self, error: Exception) -> None:
        self.engine_broken = True
        self.engine_failed.emit(error)
        self._soon.start()

    @Slot(object)
    def _take_session(self, opened: Opened) -> None:
        recipe = opened.recipe
        if recipe is not None:
            recipe = recipe if recipe.modules else recipe.with_(modules=opened.modules)
            self.method.set_recipe(recipe)
        if self.loaded is not None:
            self._set_up_model(self.loaded, recipe)
        self.run.show(opened)
        self._show_warmup()
        self._follow_session()

    @Slot(object)
    def _take_modules(self, _modules: object) -> None:
        if self.loaded is not None:
            self.method.set_modules(self.model.pattern())
        self._show_warmup()

    @Slot(object)
    def _take_recipe(self, recipe: "Recipe") -> None:
        self.model.set_recipe(recipe)
        if self.loaded is not None and recipe.modules and recipe.modules != self.model.pattern():
            try:
                self.model.set_pattern(recipe.modules)
            except SettingError as error:
                _log.info("%s", error)
        self._keep_settings()
        self._soon.start()

    @Slot(str)
    def _take_editor(self, name: str) -> None:
        """It edits where its kind does, until the person ticks other modules."""
        if self.loaded is None:
            return
        from workbench.editing.kinds import kind_named
        from workbench.editing.start import modules_at, preset_of

        preset = self.model.preset() or preset_of(self.loaded)
        measured = preset.settings_for(self.method.recipe().name).get("modules")
        self.model.set_pattern(
            measured or modules_at(kind_named(name), self.loaded.modules) or preset.modules
        )

    @Slot()
    def _keep_settings(self) -> None:
        """In the session, also in one that was just made."""
        session, recipe = self.keeper.session, self.method.recipe()
        self.keeper.keep_recipe(recipe, self.model.pattern() or recipe.modules)
        if session is not None and self.loaded is not None and session.model is None:
            from workbench.session.records import ModelIdentity

            self.keeper.keep_model(ModelIdentity.of(self.loaded))

    @Slot()
    def _show_warmup(self) -> None:
        facts = self.facts.warmup
        sample = [facts[i] for i in range(min(len(facts), SAMPLED))]
        rows = None
        if self.loaded is not None and sample:
            from workbench.editing.items import items_of

            counts = []
            for fact in sample:
                try:
                    [items] = items_of(self.loaded, self.method.recipe(), [fact])
                except WorkbenchError:
                    continue
                counts.append(sum(len(item.answer) for item in items) / len(items))
            rows = sum(counts) / len(counts) if counts else None
        self.method.set_warmup_context(WarmupContext(len(facts), rows, self.modules))


def _import_engine(_tell: Tell, _cancel: Event) -> object:
    from workbench.editing import run
    from workbench.models import loading
    from workbench.session import folder

    return run, loading, folder
