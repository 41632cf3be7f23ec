"""The main window: puts panels, docks and actions together and keeps them in step with the desk."""

import logging
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QChildEvent, QEvent, QSettings, Qt, QTimer, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from workbench.desktop.actions import WindowActions
from workbench.desktop.answers import AnswersPanel
from workbench.desktop.compare.panel import ComparePanel
from workbench.desktop.desk import Desk
from workbench.desktop.facts import FactsPanel
from workbench.desktop.ledger.book import LedgerBook
from workbench.desktop.ledger.panel import LedgerPanel
from workbench.desktop.log.handler import LogKeeper
from workbench.desktop.log.panel import LogPanel
from workbench.desktop.method.panel import MethodPanel
from workbench.desktop.model.panel import ModelPanel
from workbench.desktop.plots import PlotGrid
from workbench.desktop.probe.panel import ProbePanel
from workbench.desktop.run.overlays import Overlays
from workbench.desktop.run.panel import RunPanel
from workbench.desktop.run.prober import BenchProber
from workbench.desktop.shell.closing import Closing
from workbench.desktop.shell.docks import make_docks
from workbench.desktop.shell.fact_stories import FactStories
from workbench.desktop.shell.handlers import Handlers, dropped_path
from workbench.desktop.shell.layout import FRAME, Layout
from workbench.desktop.shell.leaving import Leaving
from workbench.desktop.shell.menus import RecentMenu, ThemeMenu, fill_menu_bar
from workbench.desktop.shell.navigation import Navigation
from workbench.desktop.shell.notices import NoticeBar
from workbench.desktop.shell.preferences import THEME, WELCOME, engine_of
from workbench.desktop.shell.recent import left_open, recent_sessions, rename_remembered
from workbench.desktop.shell.situation import NO_MODEL, Activity, Situation, ledger_reasons, primary, reasons
from workbench.desktop.shell.status_bar import StatusBar
from workbench.desktop.shell.telling import Telling
from workbench.desktop.shell.tool_bar import ORDER, ToolBar
from workbench.desktop.shell.welcome import WelcomePage
from workbench.desktop.shell.wording import say_what_they_do
from workbench.desktop.theme import Theme, mark
from workbench.errors import WorkbenchError

TITLE = "StableEdit Workbench"
_log = logging.getLogger("workbench")


class MainWindow(QMainWindow):
    def __init__(self, settings: QSettings, theme: Theme, log: LogKeeper) -> None:
        super().__init__()
        self.setObjectName("main-window")
        self.setAcceptDrops(True)
        self.settings, self.theme, self.log = settings, theme, log
        self.ending = False  # without questions: nobody may be there to answer
        self._plotted: object = None  # the series that the plots show
        self._side: dict[str, QDialog] = {}
        self._waiting_for_engine: list[Callable[[], object]] = []
        self._make_panels()
        self.desk = Desk(settings, self.facts, self.model, self.method, self)
        self.desk.use(engine_of(settings))
        self.actions_by_name = WindowActions(self)
        self.navigation = Navigation(self)
        self.handlers, self.closing = Handlers(self), Closing(self)
        self._make_center()
        self.ledger = LedgerPanel(
            LedgerBook(self.desk.keeper, self.desk.run, self), self.actions_by_name.by_name
        )
        self.answers = AnswersPanel(self.desk.keeper, self.desk.run)
        self.compare = ComparePanel(self.desk.keeper)
        self.docks = make_docks(self)
        self._make_bars()
        self.layout_keeper = Layout(self, self.docks, self.plots)
        self.layout_keeper.restore(settings)
        self.telling, self.stories, self.leaving = Telling(self), FactStories(self), Leaving(self)
        self._connect()
        self._refresh()
        if settings.value(WELCOME, True, bool) is True:
            self.show_welcome()

    # Parts

    def _make_panels(self) -> None:
        self.facts = FactsPanel(self.settings)
        self.facts.setAcceptDrops(False)  # the window takes what is dropped
        self.model, self.method, self.run_panel = ModelPanel(), MethodPanel(), RunPanel()
        mark(self.model.load_button, primary=False)  # the tool bar has the one primary button
        self.probe, self.log_panel = ProbePanel(), LogPanel(self.log)
        self.plots, self.welcome = PlotGrid(), WelcomePage()

    def _make_center(self) -> None:
        self.pages = QStackedWidget()
        self.pages.addWidget(self.plots)
        self.pages.addWidget(self.welcome)
        center = QWidget()
        column = QVBoxLayout(center)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.pages)
        self.notices = NoticeBar(center)
        self.setCentralWidget(center)

    def _make_bars(self) -> None:
        handlers = self.handlers.by_name()
        for name, action in self.actions_by_name.by_name.items():
            action.triggered.connect(handlers[name])
            self.addAction(action)
        for name in ("import", "find"):
            self.facts.action(name).setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        self.facts.action("import").setProperty("icon-name", "import")
        named = {f"facts:{name}": action for name, action in self.facts.actions_by_name.actions.items()}
        self.recent_menu, self.theme_menu = RecentMenu(self), ThemeMenu(self.theme.mode, self)
        self.overlays = Overlays(self.desk.keeper, self)
        plots = QMenu("Plots", self)
        plots.addMenu(self.overlays.menu)
        plots.addSeparator()
        plots.addActions([*self.plots.plot_actions])
        plots.addSeparator()
        plots.addActions([*self.plots.axis_actions])
        fill_menu_bar(
            self,
            self.actions_by_name.by_name | named,
            {
                "recent": self.recent_menu,
                "theme": self.theme_menu,
                "plots": plots,
                "docks": self.navigation.actions,
            },
        )
        on_bar = {
            name: self.actions_by_name.by_name.get(name) or self.facts.action(name)
            for name in ORDER
            if name.isalpha() or "-" in name
        }
        self.tool_bar = ToolBar(on_bar, self)
        self.addToolBar(self.tool_bar)
        self.status = StatusBar(self)
        self.setStatusBar(self.status)

    def _connect(self) -> None:
        desk = self.desk
        desk.changed.connect(self._refresh)
        desk.model_changed.connect(self._show_model)
        desk.engine_failed.connect(lambda error: self.handlers.tell_failure("Loading the engine", error))
        desk.run.advanced.connect(self._show_run)
        desk.run.came_nearer.connect(self._show_progress)
        desk.ahead.said.connect(self.status.show_ahead)
        desk.keeper.changed.connect(self._show_session)
        desk.keeper.left.connect(self.overlays.clear)
        desk.keeper.left.connect(self.probe.forget)
        self.overlays.changed.connect(self._show_series)
        self.overlays.failed.connect(self.handlers.tell_failure)
        self.probe.prompt_field.editingFinished.connect(self._keep_prompt)
        desk.keeper.saved.connect(self._show_saved)
        desk.keeper.not_saved.connect(self._show_saved)
        self.model.load_wanted.connect(self.handlers.load_model)
        self.model.unload_wanted.connect(self.handlers.unload_model)
        self.facts.chosen_changed.connect(self._show_chosen)
        self.facts.probe_requested.connect(self._probe)
        self.probe.broken.connect(self.handlers.tell_broken)
        self.recent_menu.chosen.connect(lambda text: self.handlers.open_session(Path(text)))
        self.recent_menu.aboutToShow.connect(self._fill_recent)
        self.theme_menu.chosen.connect(self.choose_theme)
        self.welcome.starter_wanted.connect(self.handlers.open_starter)
        self.welcome.model_wanted.connect(self.handlers.load_model)
        self.welcome.session_wanted.connect(self.handlers.sessions.choose_session)
        self.welcome.recent_wanted.connect(lambda text: self.handlers.open_session(Path(text)))
        self.welcome.empty_wanted.connect(self.handlers.sessions.begin_empty)
        self.welcome.left.connect(self.leave_welcome)
        self.welcome.recent.renamed.connect(self._session_renamed)
        self.plots.layout_changed.connect(self._save_layout)
        self.ledger.chosen_changed.connect(self._permit_ledger)
        self.facts.chosen_changed.connect(self._permit_ledger)
        self.ledger.book.failed.connect(self.handlers.tell_failure)
        self.compare.failed.connect(self.handlers.tell_failure)
        self.compare.overlays_changed.connect(self.overlays.set_compared)
        self.compare.axis_wanted.connect(self.plots.set_x_axis)
        self.plots.layout_changed.connect(lambda: self.compare.show_axis(self.plots.x_axis))
        desk.run.ended.connect(self.compare.runs_changed)

    # What the desk tells

    @Slot()
    def _refresh(self) -> None:
        now, on_the_bar = self.desk.situation(), self.tool_bar.holds_focus
        for name, reason in reasons(now).items():
            self.actions_by_name.permit(name, reason)
        self.notices.review()
        self._permit_ledger()
        say_what_they_do(self.actions_by_name, now)
        self.welcome.permit(now.busy)
        self.tool_bar.set_primary(primary(now))
        if on_the_bar:  # a button that has been disabled has lost it
            self.tool_bar.keep_focus()
        self._show_activity(now)
        if not now.activity:
            self.probe.ask_again()
        if now.engine_ready and self._waiting_for_engine:
            waiting, self._waiting_for_engine = self._waiting_for_engine, []
            for act in waiting:
                QTimer.singleShot(0, self, act)

    @Slot()
    def _permit_ledger(self) -> None:
        now, choice = self.desk.situation(), self.handlers.ledger.choice()
        for name, reason in ledger_reasons(now, choice).items():
            self.actions_by_name.permit(name, reason)

    def _show_activity(self, now: Situation) -> None:
        if now.activity not in (Activity.NOTHING, Activity.PREPARING):
            self._show_progress()
            return
        if now.activity is Activity.PREPARING:
            words = "Preparing the run…"
        else:
            waits = "The engine could not be loaded" if now.engine_broken else "Loading the engine…"
            words = "Ready" if now.engine_ready else waits
        progress = self.desk.run.bridge.progress
        self.status.show_activity(words)
        self.status.show_progress(progress, running=False)
        self.status.show_ahead(self.desk.ahead.words)
        self.run_panel.show_progress(progress)

    @Slot(object)
    def _show_run(self, _events: object) -> None:
        if self._plotted is not self.desk.run.bridge.series:
            self._show_series()
        self.plots.refresh()
        if self.desk.run.running:
            self._show_progress()
        if state := self.desk.run.bridge.progress.state():
            self.probe.set_edited_name(f"Edited · {state}")

    @Slot()
    def _show_series(self) -> None:
        bridge = self.desk.run.bridge
        self._plotted, self.overlays.current = bridge.series, bridge.progress.run
        self.plots.set_runs(bridge.series, self.overlays.shown)

    @Slot()
    def _keep_prompt(self) -> None:
        self.desk.keeper.keep_prompt(self.probe.prompt_field.text())

    @Slot()
    def _show_progress(self) -> None:
        run = self.desk.run
        self.status.show_activity("Stopping…" if run.stopping else run.under_way.headline())
        self.status.show_progress(run.under_way, running=True)
        self.run_panel.show_progress(run.bridge.progress, run.stopping)

    @Slot(object)
    def _show_model(self, loaded: object) -> None:
        from workbench.desktop.model.card import name_of

        self.probe.set_prober(BenchProber(self.desk.bench) if loaded is not None else None, NO_MODEL)
        self.status.show_model(
            self.desk.loaded, name_of(self.desk.loaded.source) if self.desk.loaded else "No model"
        )
        if loaded is not None:
            self.docks["model"].show_panel("model")

    @Slot()
    def _show_session(self) -> None:
        keeper = self.desk.keeper
        suffix = " (read-only)" if keeper.read_only else ""
        self.setWindowTitle(f"{keeper.name}{suffix} — {TITLE}")
        self._show_saved()

    @Slot()
    def _show_saved(self) -> None:
        keeper = self.desk.keeper
        if keeper.read_only:
            self.status.show_saved(None, "read-only")
        elif keeper.is_failing:
            self.status.show_saved(None, "not saved")
        elif keeper.session is None:
            self.status.show_saved(None, "nothing to save yet")
        else:
            self.status.show_saved(keeper.saved_at, "saved")

    @Slot(object)
    def _show_chosen(self, facts: list[object]) -> None:
        self.probe.show_fact(facts[0] if facts else None)  # type: ignore[arg-type]

    @Slot(object)
    def _probe(self, fact: object) -> None:
        self.docks["probe"].show_panel("probe")
        self.probe.probe_fact(fact)  # type: ignore[arg-type]

    # Pages and docks

    @Slot()
    def show_welcome(self) -> None:
        self.welcome.fill(recent_sessions(self.settings), self.handlers.sessions.begun)
        self.pages.setCurrentWidget(self.welcome)
        for dock in self.docks.values():
            dock.setVisible(False)
        self.tool_bar.setVisible(False)
        self.welcome.doors["starter"].setFocus()

    @Slot(str, str)
    def _session_renamed(self, old: str, new: str) -> None:
        rename_remembered(self.settings, Path(old), Path(new))

    @Slot()
    def leave_welcome(self) -> None:
        if self.pages.currentWidget() is self.welcome:
            self.pages.setCurrentWidget(self.plots)
            self.layout_keeper.restore_docks(self.settings)
            self.tool_bar.setVisible(True)
            self.tool_bar.buttons["load-model"].setFocus()

    @property
    def welcoming(self) -> bool:
        return self.pages.currentWidget() is self.welcome

    @Slot()
    def reset_layout(self) -> None:
        self.leave_welcome()
        self.layout_keeper.reset()

    @Slot()
    def _save_layout(self) -> None:
        if not self.welcoming:
            self.layout_keeper.save(self.settings)

    def show_side(self, name: str, kind: Callable[[QWidget], QDialog]) -> QDialog:
        """A window beside this one, made once."""
        if name not in self._side:
            self._side[name] = kind(self)
        dialog = self._side[name]
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
        return dialog

    @Slot(str)
    def choose_theme(self, mode: str) -> None:
        self.settings.setValue(THEME, mode)
        self.theme.set_mode(mode)
        self.theme_menu.show_mode(mode)

    @Slot()
    def _fill_recent(self) -> None:
        self.recent_menu.fill(recent_sessions(self.settings), reasons(self.desk.situation())["open-session"])

    def when_engine_ready(self, act: Callable[[], object]) -> None:
        if self.desk.engine_ready:
            act()
        else:
            self._waiting_for_engine.append(act)
            self.status.show_activity("Loading the engine…")

    # Beginning and end

    def begin(self, session: Path | None = None) -> None:
        """Once the window is shown."""
        self.desk.load_engine()
        if session is not None:
            self.handlers.open_session(session)
        else:
            self.telling.offer_left_open(left_open(self.settings))

    def closeEvent(self, event: QCloseEvent) -> None:
        if not (self.closing.may_close() and self.desk.keeper.may_leave()):
            event.ignore()
            return
        self._save_layout()
        self.facts.save_columns()
        self.probe.close_threads()
        self.handlers.close_threads()
        self.overlays.close_threads()
        self.ledger.book.close_threads()
        self.compare.close_threads()
        self.welcome.recent.close_threads()
        self.stories.close()
        try:
            self.desk.close()
        except WorkbenchError as error:
            _log.error("Where the session stands could not be saved: %s", error)
        for dialog in self._side.values():
            dialog.close()
        self.settings.sync()
        super().closeEvent(event)

    def childEvent(self, event: QChildEvent) -> None:
        """No dialog grows past the screen."""
        super().childEvent(event)
        dialog = event.child()
        if event.type() == QEvent.Type.ChildPolished and isinstance(dialog, QDialog):
            dialog.setMaximumSize(dialog.screen().availableSize() - FRAME)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_path(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = dropped_path(event)
        if path is not None:
            event.acceptProposedAction()
            QTimer.singleShot(0, self, lambda: self.handlers.take_dropped(path))
