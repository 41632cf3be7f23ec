"""How the probe dock asks: plain or in the chat, how long, how freely, and what was asked before."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QDoubleSpinBox,
    QLineEdit,
    QMenu,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.desktop.widgets import label, permit, row, tip
from workbench.evaluation.manner import LENGTH, Manner

PLAIN, CHAT = range(2)
MOST_TOKENS, HOTTEST = 1_024, 2.0
MOST_KEPT, SHOWN = 30, 60  # questions in the history; characters of each in the menu
PLAIN_HELP = "Both models continue the prompt as it stands."
CHAT_HELP = "The prompt is a person's message, put by the model's chat template; both models reply."
NO_TEMPLATE = "This model has no chat template."
TEMPERATURE_HELP = (
    "0, greedy: always the likeliest token. Above: drawn at random each time, the same draws for both models."
)
LENGTH_WIDTH, TEMPERATURE_WIDTH = 112, 84  # pixels
HISTORY_HELP = "What was asked since the session was opened"

Past = tuple[str, Manner]  # a prompt and how it was asked


class MannerBar(QWidget):
    picked = Signal(object)  # a Past

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("probe-manner")
        self.history: list[Past] = []  # the last one first
        self._asked = 0  # questions so far: each draws anew
        self._forms()
        self.system = QLineEdit(placeholderText="System prompt; empty for the template's own")
        self.system.setObjectName("probe-system")
        self.system.setAccessibleName("System prompt")
        self.length = QSpinBox(minimum=1, maximum=MOST_TOKENS, value=LENGTH, suffix=" tokens")
        self.length.setObjectName("probe-length")
        self.length.setAccessibleName("Length of the answer")
        self.length.setToolTip(tip("How long an answer may be"))
        self.length.setFixedWidth(LENGTH_WIDTH)
        self.temperature = QDoubleSpinBox(maximum=HOTTEST, singleStep=0.1)
        self.temperature.setSpecialValueText("greedy")
        self.temperature.setObjectName("probe-temperature")
        self.temperature.setAccessibleName("Temperature")
        self.temperature.setToolTip(tip(TEMPERATURE_HELP))
        self.temperature.setFixedWidth(TEMPERATURE_WIDTH)
        self._history_button()
        self._lay_out()
        self._show_system(PLAIN)

    @property
    def manner(self) -> Manner:
        """As it stands, with the seed of the next question."""
        chat = self.forms.checkedId() == CHAT
        system = self.system.text().strip() if chat else ""
        return Manner(chat, system, self.length.value(), self.temperature.value(), self._asked)

    def set_manner(self, manner: Manner) -> None:
        """The chat only where the model has a template."""
        chat = manner.chat and self.forms.button(CHAT).isEnabled()
        self.forms.button(CHAT if chat else PLAIN).setChecked(True)
        self._show_system(CHAT if chat else PLAIN)
        self.system.setText(manner.system)
        self.length.setValue(manner.length)
        self.temperature.setValue(manner.temperature)

    def set_chat(self, available: bool) -> None:
        permit(self.forms.button(CHAT), "" if available else NO_TEMPLATE, CHAT_HELP)
        if not available:
            self.forms.button(PLAIN).setChecked(True)
            self._show_system(PLAIN)

    def remember(self, prompt: str, manner: Manner) -> None:
        """A question that is asked again moves to the front."""
        self._asked += 1
        question = prompt, replace(manner, seed=0)
        self.history = [question, *(q for q in self.history if q != question)][:MOST_KEPT]
        self._permit_history()

    def forget(self) -> None:
        self.history = []
        self._permit_history()

    def _forms(self) -> None:
        self.forms = QButtonGroup(self)
        texts = (("Plain", "probe-form-plain", PLAIN_HELP), ("Chat", "probe-form-chat", CHAT_HELP))
        for number, (text, name, help) in enumerate(texts):
            button = QToolButton()
            button.setCheckable(True)
            button.setText(text)
            button.setObjectName(name)
            permit(button, "", help)
            self.forms.addButton(button, number)
        self.forms.button(PLAIN).setChecked(True)
        self.forms.idClicked.connect(self._show_system)

    def _history_button(self) -> None:
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.history_button = QToolButton()
        self.history_button.setText("Asked before")
        self.history_button.setObjectName("probe-history")
        self.history_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.history_button.setMenu(self.menu)
        self._permit_history()

    def _lay_out(self) -> None:
        fields = row(*self.forms.buttons(), self.system, 1)
        fields.setStretchFactor(self.system, 100)
        for part in (
            self.length,
            label("Temperature", "caption", wrap=False),
            self.temperature,
            self.history_button,
        ):
            fields.addWidget(part)
        fields.setContentsMargins(12, 4, 12, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(fields)

    @Slot(int)
    def _show_system(self, form: int) -> None:
        self.system.setVisible(form == CHAT)

    def _permit_history(self) -> None:
        permit(self.history_button, "" if self.history else "Nothing was asked yet.", HISTORY_HELP)

    @Slot()
    def _fill_menu(self) -> None:
        self.menu.clear()
        for question in self.history:
            self.menu.addAction(_in_words(question), self._picking(question))

    def _picking(self, question: Past) -> Callable[[], None]:
        return lambda: self.picked.emit(question)


def _in_words(question: Past) -> str:
    """One line of a menu, in which & would be a shortcut."""
    prompt, manner = question
    flat = " ".join(prompt.split())
    shown = flat if len(flat) <= SHOWN else flat[: SHOWN - 1] + "…"
    form = "Chat" if manner.chat else "Plain"
    drawn = f", temperature {manner.temperature:g}" if manner.temperature else ""
    system = f", {manner.system[:SHOWN]}" if manner.system else ""
    return f"{shown}   ({form}{system}{drawn})".replace("&", "&&")
