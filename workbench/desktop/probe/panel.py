"""The probe dock: one prompt, or one fact's probes, asked of the original and the edited model."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QLineEdit,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.background import Background, Work
from workbench.desktop.probe.answer_pane import AnswerPane
from workbench.desktop.probe.asking import Answered, Asked, OddsRead, Written, ask_fact, ask_prompt
from workbench.desktop.probe.fact_rows import FactRows
from workbench.desktop.probe.fact_view import FactView
from workbench.desktop.probe.manner_bar import MannerBar
from workbench.desktop.probe.odds import OddsModel
from workbench.desktop.probe.odds_view import OddsView
from workbench.desktop.probe.prober import Prober, Side
from workbench.desktop.probe.truth import Truths, heading
from workbench.desktop.probe.truth_view import TruthView
from workbench.desktop.theme import icon
from workbench.desktop.widgets import ElidedLabel, Sentence, line, permit, push_button, row, stacked
from workbench.errors import Cancelled, WorkbenchError
from workbench.evaluation.manner import PLAIN, Manner
from workbench.facts.fact import Fact
from workbench.storage.log_file import unforeseen_in_words

PROMPT_PAGE, FACT_PAGE, RUN_PAGE = range(3)
NO_MODEL = "Load a model first."
RUN_HELP, STOP_HELP = "Ask both models (Return)", "Stop writing; what is written stays"


class ProbePanel(QWidget):
    """``set_prober`` when a model is there, ``set_edited_name`` as steps are applied."""

    broken = Signal(object)  # an exception that is not a WorkbenchError, for the log

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("probe-panel")
        self._prober: Prober | None = None
        self._fact: Fact | None = None
        self._truths: Truths = lambda _fact: None
        self._reason = NO_MODEL
        self._edited_name = Side.EDITED.value
        self._taken: dict[int, str] = {}  # page → the edited model's name when it gave what is shown there
        self._last = ("", PLAIN)  # what was asked, and how
        self._again = False  # the model is another since it was last asked
        self._background = Background(self)
        self._build()
        self._connect()
        self._show_page(PROMPT_PAGE)

    def set_prober(self, prober: Prober | None, reason: str = NO_MODEL) -> None:
        """None: nothing can be asked, for this reason. What was answered is cleared."""
        self._prober, self._reason = prober, reason
        self._clear()
        chat = prober is not None and prober.has_chat
        self.manner_bar.set_chat(chat)
        self.fact_rows.set_chat(chat)

    def forget(self) -> None:
        """Another session: neither its prompt nor what was asked and answered in the one before."""
        self.set_prompt("")
        self.manner_bar.forget()
        self._clear()

    def _clear(self) -> None:
        self._background.drop()
        for side, pane in self.panes.items():
            pane.begin(side.value)
            pane.set_state("")
        self.odds.clear()
        self.fact_rows.forget_answers()
        self.fact_rows.set_edited_name(Side.EDITED.value)
        self._taken.clear()
        self.says.say("")
        self._refresh()

    def set_edited_name(self, name: str) -> None:
        """Heads the edited model's next answer, for example "Edited · run 2, step 12"."""
        self._edited_name = name

    @Slot()
    def ask_again(self) -> None:
        """No run goes on: what is shown of a model that is not there any more is asked of this one."""
        self._again = self._background.busy
        self._ask_where_stale()

    def _ask_where_stale(self) -> None:
        stale = self._taken.get(self._page, self._edited_name) != self._edited_name
        if stale and self.isVisible() and self._prober is not None and not self._background.busy:
            if self._page == FACT_PAGE:
                self._ask_fact(self._prober)
            else:
                self._ask_prompt(self._prober, *self._last)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask_where_stale()

    def set_prompt(self, prompt: str) -> None:
        self._show_page(PROMPT_PAGE)
        self.prompt_field.setText(prompt)

    @Slot(object)
    def pick(self, past: tuple[str, Manner]) -> None:
        """A question of the history, to be asked again or changed first."""
        prompt, manner = past
        self.set_prompt(prompt)
        self.manner_bar.set_manner(manner)
        self.prompt_field.setFocus()

    def show_fact(self, fact: Fact | None) -> None:
        """The fact selected in the table; None: none is. Another fact stops what runs for the one before."""
        if fact == self._fact:
            return
        if self._page == FACT_PAGE:
            self._background.drop()
        self._fact = fact
        self.fact_rows.set_fact(fact)
        self.fact_rows.set_edited_name(Side.EDITED.value)
        self._taken.pop(FACT_PAGE, None)
        self.fact_label.set_whole(_fact_in_words(fact), _fact_in_words(fact))
        self.says.say("")
        self.show_truth()
        self._refresh()

    def set_truths(self, truths: Truths) -> None:
        """Where what runs found of a fact comes from; call ``show_truth`` when that changes."""
        self._truths = truths
        self.show_truth()

    @Slot()
    def show_truth(self) -> None:
        """What became of the fact: one line above its probes, the whole on a page of its own."""
        truth = None if self._fact is None else self._truths(self._fact)
        self.truth_view.show_truth(truth)
        self.verdict.setVisible(truth is not None)
        if truth is not None:
            why = f". {truth.reasons[0].sentence}" if truth.reasons else ""
            self.verdict.set_whole(f"{heading(truth)}{why}")

    def probe_fact(self, fact: Fact) -> None:
        """Shows the fact and asks."""
        self.show_fact(fact)
        self._show_page(FACT_PAGE)
        self.run()

    def stop(self) -> None:
        self._background.cancel()

    def close_threads(self) -> None:
        """Before the window goes."""
        self._background.close()

    @property
    def _page(self) -> int:
        return self.pages.currentIndex()

    def _build(self) -> None:
        self.modes = QButtonGroup(self)
        for number, (text, name) in enumerate(
            (
                ("Prompt", "probe-mode-prompt"),
                ("Selected fact", "probe-mode-fact"),
                ("Over the run", "probe-mode-run"),
            )
        ):
            button = QToolButton()
            button.setText(text)
            button.setCheckable(True)
            button.setObjectName(name)
            self.modes.addButton(button, number)
        self.prompt_field = QLineEdit(placeholderText="A beginning that both models continue")
        self.prompt_field.setObjectName("probe-prompt")
        self.setFocusProxy(self.prompt_field)
        self.prompt_field.setAccessibleName("Prompt")
        self.fact_label = ElidedLabel()
        self.run_button = push_button("Run", "probe-run", RUN_HELP)
        self.run_button.setIcon(icon("play"))
        self.stop_button = push_button("Stop", "probe-stop", STOP_HELP)
        self.stop_button.setIcon(icon("stop"))
        self.says = Sentence("probe-says")
        self.fields = QStackedWidget()
        self.fields.addWidget(self.prompt_field)
        self.fields.addWidget(self.fact_label)
        self.pages = QStackedWidget()
        self.pages.addWidget(self._prompt_page())
        self.pages.addWidget(self._fact_page())
        self.truth_view = TruthView()
        self.pages.addWidget(self.truth_view)
        self._lay_out()

    def _lay_out(self) -> None:
        top = row(*self.modes.buttons(), self.fields, self.run_button, self.stop_button)
        top.setContentsMargins(12, 8, 12, 8)
        self.fields.setFixedHeight(self.run_button.sizeHint().height())
        self.says.setContentsMargins(12, 0, 12, 8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.says)
        column.addWidget(line())
        column.addWidget(self.pages, 1)

    def _prompt_page(self) -> QWidget:
        self.panes = {side: AnswerPane(side) for side in Side}
        self.odds = OddsModel(self)
        self.odds_view = OddsView(self.odds)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        parts: tuple[QWidget, ...] = (*self.panes.values(), self.odds_view)
        for part, stretch in zip(parts, (3, 3, 4), strict=True):
            splitter.addWidget(part)
            splitter.setStretchFactor(splitter.count() - 1, stretch)
            part.setMinimumWidth(160)
        self.manner_bar = MannerBar()
        return stacked(self.manner_bar, line(), splitter)

    def _fact_page(self) -> QWidget:
        self.fact_rows = FactRows(self)
        self.fact_view = FactView(self.fact_rows)
        self.verdict = ElidedLabel("caption")
        self.verdict.setObjectName("probe-verdict")
        self.verdict.setContentsMargins(12, 4, 12, 4)
        self.verdict.hide()
        return stacked(self.verdict, self.fact_view)

    def _connect(self) -> None:
        self.modes.idClicked.connect(self._show_page)
        self.manner_bar.picked.connect(self.pick)
        self.manner_bar.system.returnPressed.connect(self.run)
        self.prompt_field.returnPressed.connect(self.run)
        self.prompt_field.textChanged.connect(self._refresh)
        self.run_button.clicked.connect(self.run)
        self.stop_button.clicked.connect(self._stop)
        self._background.progressed.connect(self._progressed)
        self._background.finished.connect(self._finished)
        self._background.failed.connect(self._failed)
        self._background.busy_changed.connect(self._refresh)

    @Slot(int)
    def _show_page(self, number: int) -> None:
        if number != self._page:
            self._background.drop()
        self.modes.button(number).setChecked(True)
        self.pages.setCurrentIndex(number)
        self.fields.setCurrentIndex(0 if number == PROMPT_PAGE else 1)
        self.says.say("")
        self._refresh()
        self._ask_where_stale()

    @Slot()
    def run(self) -> None:
        """Asks again even while it asks: the new question counts. A fact is asked on the page of its probes."""
        if self._why_not() or self._prober is None:
            return
        if self._page == RUN_PAGE:
            self._show_page(FACT_PAGE)
        if self._page == FACT_PAGE:
            self._ask_fact(self._prober)
        else:
            manner = self.manner_bar.manner
            self.manner_bar.remember(self.prompt_field.text(), manner)
            self._ask_prompt(self._prober, self.prompt_field.text(), manner)

    def _ask_fact(self, prober: Prober) -> None:
        self.fact_rows.forget_answers()
        self._ask(ask_fact(prober, self.fact_rows.questions()))

    def _ask_prompt(self, prober: Prober, prompt: str, manner: Manner) -> None:
        self._last = prompt, manner
        for side, pane in self.panes.items():
            pane.begin(side.value)
        self.odds.clear()
        self._ask(ask_prompt(prober, prompt, manner))

    def _ask(self, work: Work) -> None:
        self.says.say("")
        self._again = False
        self._name_taken(self._edited_name)
        self._background.start(work)

    def _name_taken(self, name: str) -> None:
        self._taken[self._page] = name
        if self._page == FACT_PAGE:
            self.fact_rows.set_edited_name(name)
        else:
            self.panes[Side.EDITED].title.setText(name)

    @Slot()
    def _stop(self) -> None:
        self._background.cancel()
        permit(self.stop_button, "It stops at the next token.")

    @Slot(object)
    def _progressed(self, told: object) -> None:
        match told:
            case Asked(side):
                self._set_states(side)
                if side is Side.EDITED:
                    self._name_taken(self._edited_name)
            case OddsRead(side, odds):
                self.odds.set_odds(side, odds)
            case Written(side, piece):
                self.panes[side].add(piece)
            case Answered(number, side, answer):
                self.fact_rows.set_answer(number, side, answer)

    def _set_states(self, writing: Side | None) -> None:
        """The side before the one that writes has finished."""
        if self._page == FACT_PAGE:
            return
        for side, pane in self.panes.items():
            waits = writing is Side.ORIGINAL and side is Side.EDITED
            pane.set_state("writes…" if side is writing else "waits" if waits else "")

    @Slot(object)
    def _finished(self, _result: object) -> None:
        self._set_states(None)
        for pane in self.panes.values():
            pane.end()
        taken = self._taken.get(self._page, self._edited_name)
        if taken != self._edited_name:  # steps were applied meanwhile
            self._name_taken(f"{taken} and later")
        if self._page == FACT_PAGE:
            before, after = (self.fact_rows.summary(side) for side in Side)
            self.says.say(f"Original: {before}. {self._taken[FACT_PAGE]}: {after}." if after else "")
        if self._again:
            self._again = False
            self._ask_where_stale()

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self._set_states(None)
        if isinstance(error, Cancelled):
            self.says.say("Stopped.")
        elif isinstance(error, WorkbenchError):
            self.says.say(_sentence(error), "bad")
        else:
            self.says.say(unforeseen_in_words(error, "The probe"), "bad")
            self.broken.emit(error)

    def _why_not(self) -> str:
        if self._prober is None:
            return self._reason
        if self._page != PROMPT_PAGE:
            return "" if self._fact is not None else "Select a fact in the table of facts first."
        return "" if self.prompt_field.text().strip() else "Type a prompt first."

    @Slot()
    def _refresh(self) -> None:
        busy = self._background.busy
        permit(self.run_button, self._why_not(), RUN_HELP)
        self.run_button.setVisible(not busy)
        self.stop_button.setVisible(busy)
        permit(self.stop_button, "", STOP_HELP)


def _fact_in_words(fact: Fact | None) -> str:
    return "No fact is selected." if fact is None else f"{' '.join(fact.prompt.split())} → {fact.target}"


def _sentence(error: WorkbenchError) -> str:
    """Engine sentences about a fact begin in lower case, to follow a place."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}"
