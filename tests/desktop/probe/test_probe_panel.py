"""Asking both models: streaming, stopping, and what is said when it cannot be done."""

import threading
from collections.abc import Iterator, Sequence
from threading import Event

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
)
from pytestqt.qtbot import QtBot

from tests.desktop.finding import find
from workbench.desktop.probe.fact_rows import EDITED
from workbench.desktop.probe.panel import ProbePanel
from workbench.desktop.probe.prober import Answer, Odds, Question, Side
from workbench.errors import Cancelled, InputError
from workbench.evaluation.manner import Manner
from workbench.facts.fact import Fact, Probe

FACT = Fact("The capital of France is", "Lyon", locality=(Probe("The capital of Spain is", "Madrid"),))


class FakeProber:
    """Writes two pieces; between them it waits for ``go``."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.error: Exception | None = None
        self.threads: set[threading.Thread] = set()
        self.has_chat = True
        self.asked: list[tuple[Side, str, Manner]] = []

    def next_tokens(
        self,
        side: Side,
        prompt: str,
        manner: Manner,
        count: int,  # noqa: ARG002
        cancel: Event,  # noqa: ARG002
    ) -> Odds:
        if self.error:
            raise self.error
        self.threads.add(threading.current_thread())
        self.asked.append((side, prompt, manner))
        return (
            [(" Paris", 0.8), (" Lyon", 0.1)] if side is Side.ORIGINAL else [(" Lyon", 0.9), (" Paris", 0.05)]
        )

    def stream(self, side: Side, prompt: str, manner: Manner, cancel: Event) -> Iterator[str]:  # noqa: ARG002
        yield " Paris" if side is Side.ORIGINAL else " Lyon"
        while not self.go.wait(0.005):
            if cancel.is_set():
                raise Cancelled("Stopped.")
        yield f" <b>after</b> {prompt}"

    def answers(
        self,
        side: Side,
        questions: Sequence[Question],
        cancel: Event,  # noqa: ARG002
    ) -> Iterator[Answer]:
        for asked in questions:
            yield Answer("Lyon", asked.expected == "Lyon" and side is Side.EDITED, first_token=4)


@pytest.fixture
def prober() -> FakeProber:
    return FakeProber()


@pytest.fixture
def panel(qtbot: QtBot, prober: FakeProber) -> Iterator[ProbePanel]:
    made = ProbePanel()
    qtbot.addWidget(made)
    made.resize(1000, 260)
    made.show()
    made.set_prober(prober)
    yield made
    made.close_threads()


def text(panel: ProbePanel, side: Side) -> str:
    return find(panel, QPlainTextEdit, f"probe-{side.name.lower()}").toPlainText()


def says(panel: ProbePanel) -> str:
    return find(panel, QLabel, "probe-says").text()


def button(panel: ProbePanel, name: str) -> QPushButton:
    return find(panel, QPushButton, f"probe-{name}")


def ask(qtbot: QtBot, panel: ProbePanel, prompt: str) -> None:
    field = find(panel, QLineEdit, "probe-prompt")
    field.setText(prompt)
    with qtbot.waitSignal(panel._background.finished):
        QTest.keyClick(field, Qt.Key.Key_Return)


def test_both_answers_and_the_next_tokens(qtbot: QtBot, panel: ProbePanel, prober: FakeProber) -> None:
    panel.set_edited_name("Edited · step 12")
    ask(qtbot, panel, "The capital")
    assert text(panel, Side.ORIGINAL) == "Paris <b>after</b> The capital"
    assert text(panel, Side.EDITED) == "Lyon <b>after</b> The capital"
    assert panel.panes[Side.EDITED].title.text() == "Edited · step 12"
    assert [panel.odds.index(0, c).data() for c in range(3)] == ["·Lyon", "10.0 %", "90.0 %"]
    assert threading.current_thread() not in prober.threads


def test_pieces_appear_as_they_are_written_and_stop_keeps_them(
    qtbot: QtBot, panel: ProbePanel, prober: FakeProber
) -> None:
    prober.go.clear()
    panel.set_prompt("The capital")
    button(panel, "run").click()
    qtbot.waitUntil(lambda: text(panel, Side.ORIGINAL) == "Paris")
    assert panel.panes[Side.ORIGINAL].state.text() == "writes…"
    assert panel.panes[Side.EDITED].state.text() == "waits"
    assert button(panel, "stop").isVisible()
    with qtbot.waitSignal(panel._background.failed):
        button(panel, "stop").click()
    assert text(panel, Side.ORIGINAL) == "Paris"
    assert says(panel) == "Stopped."
    assert button(panel, "run").isVisible()


def test_a_finished_answer_is_read_from_its_beginning(
    qtbot: QtBot, panel: ProbePanel, prober: FakeProber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prober, "stream", lambda *_: iter([" Paris", "\n" * 100, "end"]))
    ask(qtbot, panel, "The capital")
    bar = find(panel, QPlainTextEdit, "probe-edited").verticalScrollBar()
    assert bar.maximum() > 0
    qtbot.waitUntil(lambda: bar.value() == 0)


def test_a_second_question_takes_the_place_of_the_first(
    qtbot: QtBot, panel: ProbePanel, prober: FakeProber
) -> None:
    prober.go.clear()
    panel.set_prompt("first")
    panel.run()
    qtbot.waitUntil(lambda: text(panel, Side.ORIGINAL) == "Paris")
    prober.go.set()
    ask(qtbot, panel, "second")
    assert text(panel, Side.ORIGINAL) == "Paris <b>after</b> second"


def test_why_it_cannot_run(panel: ProbePanel) -> None:
    assert "Type a prompt" in button(panel, "run").toolTip()
    panel.set_prompt("The capital")
    assert button(panel, "run").isEnabled()
    panel.set_prober(None, "The model was unloaded.")
    assert not button(panel, "run").isEnabled()
    assert "The model was unloaded." in button(panel, "run").toolTip()
    panel.run()
    assert not panel._background.busy
    find(panel, QToolButton, "probe-mode-fact").click()
    panel.set_prober(FakeProber())
    assert "Select a fact" in button(panel, "run").toolTip()


def test_errors_are_sentences_in_the_dock(qtbot: QtBot, panel: ProbePanel, prober: FakeProber) -> None:
    prober.error = InputError("the prompt “x” takes 300 tokens and the model reads 256: shorten it.")
    panel.set_prompt("x")
    with qtbot.waitSignal(panel._background.failed):
        panel.run()
    assert says(panel) == "The prompt “x” takes 300 tokens and the model reads 256: shorten it."
    prober.error = ZeroDivisionError("division by zero")
    with qtbot.waitSignal(panel.broken):
        panel.run()
    assert "ZeroDivisionError" in says(panel)


def test_a_facts_probes_before_and_after(qtbot: QtBot, panel: ProbePanel) -> None:
    with qtbot.waitSignal(panel._background.finished):
        panel.probe_fact(FACT)
    assert panel.fact_view.isVisible()
    assert says(panel) == (
        "Original: 0 of 2 hit; in the chat 0 of 2 hit. "
        "Edited: 1 of 1 hit, 1 of 1 kept; in the chat 1 of 1 hit, 1 of 1 kept."
    )
    panel.fact_view.grab()
    panel.show_fact(None)
    assert panel.fact_rows.rowCount() == 0
    assert not button(panel, "run").isEnabled()


def test_another_model_clears_what_was_answered(qtbot: QtBot, panel: ProbePanel) -> None:
    ask(qtbot, panel, "The capital")
    panel.set_prober(FakeProber())
    assert text(panel, Side.ORIGINAL) == ""
    assert panel.odds.rowCount() == 0


def test_another_model_stops_the_question_to_the_one_before(
    qtbot: QtBot, panel: ProbePanel, prober: FakeProber
) -> None:
    prober.go.clear()
    panel.set_prompt("x")
    panel.run()
    qtbot.waitUntil(lambda: text(panel, Side.ORIGINAL) == "Paris")
    panel.set_prober(FakeProber())
    assert button(panel, "run").isVisible()
    panel.close_threads()
    assert text(panel, Side.ORIGINAL) == ""


def test_going_away_while_it_asks_leaves_no_thread(qtbot: QtBot, prober: FakeProber) -> None:
    panel = ProbePanel()
    qtbot.addWidget(panel)
    panel.set_prober(prober)
    prober.go.clear()
    panel.set_prompt("x")
    panel.run()
    qtbot.waitUntil(lambda: text(panel, Side.ORIGINAL) == "Paris")
    panel.close_threads()
    assert not any(thread.is_alive() for thread in prober.threads)


def test_an_answer_says_of_which_step_it_is_and_is_asked_again_after_the_run(
    qtbot: QtBot, panel: ProbePanel
) -> None:
    panel.set_edited_name("Edited · before any step")
    ask(qtbot, panel, "The capital")
    panel.set_prompt("half typed")
    panel.set_edited_name("Edited · run 1, step 1")
    assert panel.panes[Side.EDITED].title.text() == "Edited · before any step"
    with qtbot.waitSignal(panel._background.finished):
        panel.ask_again()
    assert panel.panes[Side.EDITED].title.text() == "Edited · run 1, step 1"
    assert text(panel, Side.EDITED) == "Lyon <b>after</b> The capital"
    assert find(panel, QLineEdit, "probe-prompt").text() == "half typed"
    panel.ask_again()
    assert not panel._background.busy


def test_a_facts_answers_are_asked_again_and_other_pages_once_they_are_shown(
    qtbot: QtBot, panel: ProbePanel
) -> None:
    panel.set_edited_name("Edited · run 1, step 1")
    ask(qtbot, panel, "The capital")
    with qtbot.waitSignal(panel._background.finished):
        panel.probe_fact(FACT)
    panel.set_edited_name("Edited · run 1, step 2")
    header = panel.fact_view.model().headerData
    assert header(EDITED, Qt.Orientation.Horizontal) == "Edited · run 1, step 1"
    with qtbot.waitSignal(panel._background.finished):
        panel.ask_again()
    assert header(EDITED, Qt.Orientation.Horizontal) == "Edited · run 1, step 2"
    assert "Edited · run 1, step 2: 1 of 1 hit" in says(panel)
    with qtbot.waitSignal(panel._background.finished):
        find(panel, QToolButton, "probe-mode-prompt").click()
    assert panel.panes[Side.EDITED].title.text() == "Edited · run 1, step 2"


def test_steps_that_are_applied_while_it_writes_are_told(
    qtbot: QtBot, panel: ProbePanel, prober: FakeProber, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stream(side: Side, prompt: str, manner: Manner, cancel: Event) -> Iterator[str]:  # noqa: ARG001
        yield " Lyon"
        if side is Side.EDITED:
            prober.go.wait()

    monkeypatch.setattr(prober, "stream", stream)
    prober.go.clear()
    panel.set_edited_name("Edited · run 1, step 1")
    panel.set_prompt("x")
    panel.run()
    qtbot.waitUntil(lambda: text(panel, Side.EDITED) == "Lyon")
    panel.set_edited_name("Edited · run 1, step 2")
    with qtbot.waitSignal(panel._background.finished):
        prober.go.set()
    assert panel.panes[Side.EDITED].title.text() == "Edited · run 1, step 1 and later"


def test_what_is_hidden_is_asked_again_when_it_is_shown(qtbot: QtBot, panel: ProbePanel) -> None:
    ask(qtbot, panel, "The capital")
    panel.hide()
    panel.set_edited_name("Edited · run 1, step 1")
    panel.ask_again()
    assert not panel._background.busy
    with qtbot.waitSignal(panel._background.finished):
        panel.show()
    assert panel.panes[Side.EDITED].title.text() == "Edited · run 1, step 1"


def form(panel: ProbePanel, name: str) -> QToolButton:
    return find(panel, QToolButton, f"probe-form-{name}")


def test_the_chat_with_a_system_prompt_length_and_temperature(
    qtbot: QtBot, panel: ProbePanel, prober: FakeProber
) -> None:
    system = find(panel, QLineEdit, "probe-system")
    assert not system.isVisible()
    form(panel, "chat").click()
    assert system.isVisible()
    system.setText("Be brief.")
    find(panel, QSpinBox, "probe-length").setValue(7)
    find(panel, QDoubleSpinBox, "probe-temperature").setValue(0.5)
    ask(qtbot, panel, "Who?")
    ask(qtbot, panel, "Who?")
    first, again = prober.asked[:2], prober.asked[2:]
    assert first[0] == (Side.ORIGINAL, "Who?", Manner(True, "Be brief.", 7, 0.5))
    assert first[1][2] == first[0][2]  # both sides draw alike
    assert again[0][2].seed != first[0][2].seed  # and anew when asked again
    form(panel, "plain").click()
    assert not system.isVisible()
    ask(qtbot, panel, "Who?")
    assert prober.asked[-1][2].system == ""
    assert not prober.asked[-1][2].chat


def test_what_was_asked_is_picked_again(qtbot: QtBot, panel: ProbePanel, prober: FakeProber) -> None:
    history = find(panel, QToolButton, "probe-history")
    assert "Nothing was asked" in history.toolTip()
    ask(qtbot, panel, "You & me")
    form(panel, "chat").click()
    find(panel, QLineEdit, "probe-system").setText("Be brief.")
    ask(qtbot, panel, "Who?")
    form(panel, "plain").click()
    ask(qtbot, panel, "You & me")
    menu = history.menu()
    menu.aboutToShow.emit()
    texts = [action.text() for action in menu.actions()]
    assert texts == ["You && me   (Plain)", "Who?   (Chat, Be brief.)"]
    menu.actions()[1].trigger()
    assert find(panel, QLineEdit, "probe-prompt").text() == "Who?"
    assert form(panel, "chat").isChecked()
    ask(qtbot, panel, "Who?")
    assert (prober.asked[-1][2].chat, prober.asked[-1][2].system) == (True, "Be brief.")
    panel.forget()
    assert not history.isEnabled()


def test_without_a_template_there_is_only_the_plain_form(panel: ProbePanel) -> None:
    form(panel, "chat").click()
    plain = FakeProber()
    plain.has_chat = False
    panel.set_prober(plain)
    assert form(panel, "plain").isChecked()
    assert not form(panel, "chat").isEnabled()
    assert "no chat template" in form(panel, "chat").toolTip()
    panel.show_fact(FACT)
    assert len(panel.fact_rows.questions()) == 2


def test_an_answer_is_asked_again_as_it_was_asked(
    qtbot: QtBot, panel: ProbePanel, prober: FakeProber
) -> None:
    form(panel, "chat").click()
    ask(qtbot, panel, "Who?")
    form(panel, "plain").click()
    panel.set_edited_name("Edited · run 1, step 1")
    with qtbot.waitSignal(panel._background.finished):
        panel.ask_again()
    assert prober.asked[-1][1:] == prober.asked[0][1:]
