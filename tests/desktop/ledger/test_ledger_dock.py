"""The ledger in the real window with a tiny model: what it lists, and the ways back and onward."""

from collections.abc import Callable
from typing import TypeVar

import pytest
import torch
from PySide6.QtCore import QItemSelectionModel, QTimer
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QDialog,
    QInputDialog,
    QLabel,
    QPushButton,
    QRadioButton,
)

from tests.desktop.finding import find
from tests.desktop.shell import conftest as shell
from tests.desktop.shell.walker import Walker
from tests.editing.test_skipped_steps import poison
from tests.tiny import tiny_model
from workbench.desktop.facts import State, prepared
from workbench.desktop.ledger.columns import FACTS, STATE, SUCCESS
from workbench.desktop.ledger.model import LedgerModel
from workbench.desktop.main_window import MainWindow
from workbench.desktop.plots.plot import Plot
from workbench.facts.fact import Fact

theme, make_window, window, loaded, walker = (
    shell.theme,
    shell.make_window,
    shell.window,
    shell.loaded,
    shell.walker,
)
D = TypeVar("D", bound=QDialog)
Flag = QItemSelectionModel.SelectionFlag


def weights(of: MainWindow) -> torch.Tensor:
    assert of.desk.loaded is not None
    module = of.desk.loaded.model.get_submodule("model.layers.1.mlp.down_proj")
    return module.weight.detach().clone()  # type: ignore[operator]


def states(of: MainWindow) -> list[State]:
    return [of.facts.facts.state(i) for i in range(len(of.facts.facts))]


def texts(model: LedgerModel, run: int, column: int) -> list[str]:
    parent = model.index_of((run, False, 0))
    return [str(model.index(i, column, parent).data()) for i in range(model.rowCount(parent))]


def answer(of: MainWindow, kind: type[D], act: Callable[[D], None]) -> None:
    """The dialog that opens next."""

    def look() -> None:
        found = QApplication.activeModalWidget()
        if isinstance(found, kind):
            act(found)
        else:
            QTimer.singleShot(20, of, look)

    QTimer.singleShot(0, of, look)


def accept(dialog: QDialog) -> None:
    for button in dialog.findChildren(QPushButton):
        if button.objectName().endswith("-start"):
            assert button.isEnabled(), button.toolTip()
            button.click()


def four_more(of: MainWindow) -> None:
    panel = of.facts
    panel.history.add(panel.facts, prepared(Fact(f"fact {i} is", f"t{i}") for i in range(4, 8)))


@pytest.fixture
def edited(walker: Walker) -> Walker:
    """After a warm-up, run 1, and eight facts in four steps, run 2."""
    four_more(walker.window)
    QApplication.processEvents()
    for action in ("warm-up", "edit"):
        walker.press(action)
        walker.wait_for_end()
    walker.window.docks["probe"].show_panel("ledger")
    QApplication.processEvents()
    return walker


def test_every_run_and_step_is_listed_while_it_goes_on_and_again_when_reopened(
    edited: Walker, make_window: Callable[[], MainWindow]
) -> None:
    first = edited.window
    model = first.ledger.book.model
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert [run.record.id for run in model.runs] == [1, 2]
    assert texts(model, 1, FACTS) == ["1–2", "3–4"]
    assert texts(model, 2, FACTS) == ["1–2", "3–4", "5–6", "7–8"]
    assert all("→" in text for text in texts(model, 2, SUCCESS))
    assert texts(model, 2, STATE)[-1] == "model is here"
    live = [texts(model, run, column) for run in (1, 2) for column in (0, FACTS, SUCCESS, 4, 6, 7, 8, 9)]
    session = first.desk.keeper.need().folder
    first.close()
    second = make_window()
    again = Walker(second, patience_s=60)
    second.handlers.open_session(session)
    again.wait(lambda: len(second.ledger.book.model.runs) == 2, "the ledger")
    reread = second.ledger.book.model
    assert [texts(reread, r, c) for r in (1, 2) for c in (0, FACTS, SUCCESS, 4, 6, 7, 8, 9)] == live
    assert "model is here" not in texts(reread, 2, STATE)  # no model is loaded


def test_rewinding_and_going_forward_again(edited: Walker) -> None:
    window = edited.window
    end = weights(window)
    window.ledger.select(2, 2)
    assert "Ctrl" not in window.actions_by_name["rewind"].text()
    edited.click("ledger-rewind")
    edited.wait_for_end()
    middle = weights(window)
    assert not torch.equal(middle, end)
    assert states(window)[4:] == [State.NEW] * 4
    assert State.NEW not in states(window)[:4]
    assert len(window.desk.run.bridge.series) == 2
    model = window.ledger.book.model
    assert texts(model, 2, STATE) == ["", "model is here", "", ""]
    session = window.desk.keeper.need()
    assert len(session.steps(2)) == 4
    assert torch.equal(weights_of_session(session, 2), middle)
    window.ledger.select(2, 4)
    edited.click("ledger-rewind")
    edited.wait_for_end()
    assert torch.equal(weights(window), end)
    assert State.NEW not in states(window)
    assert not window.actions_by_name["rewind"].isEnabled()
    assert "already" in window.actions_by_name["rewind"].toolTip()


def weights_of_session(session: object, step: int) -> torch.Tensor:
    from workbench.session.folder import Session

    assert isinstance(session, Session)
    fresh = tiny_model()
    session.rebuild(fresh, 2, step)
    module = fresh.model.get_submodule("model.layers.1.mlp.down_proj")
    return module.weight.detach().clone()  # type: ignore[operator]


def test_a_rewound_session_opens_where_it_stood(
    edited: Walker, make_window: Callable[[], MainWindow]
) -> None:
    first = edited.window
    first.ledger.select(2, 1)
    edited.click("ledger-rewind")
    edited.wait_for_end()
    wanted, before = weights(first), states(first)
    session = first.desk.keeper.need().folder
    first.close()
    second = make_window()
    again = Walker(second, patience_s=60)
    second.handlers.open_session(session)
    again.wait(lambda: second.desk.keeper.session is not None, "the session")
    assert states(second) == before
    second.desk.set_model(tiny_model())
    again.wait_for_end()
    assert torch.equal(weights(second), wanted)
    again.press("edit")  # the facts that left the model with the rewind
    again.wait_for_end()
    assert State.NEW not in states(second)
    assert second.desk.bench.chain == [1, 2, 3]
    assert second.desk.bench.cuts == {2: 1}


def test_a_branch_goes_on_from_a_step_with_other_settings(edited: Walker) -> None:
    window = edited.window
    shown = window.desk.run.bridge.series.values("success").tolist()
    window.method.set_recipe(window.method.recipe().with_(step_size=0.02))
    window.ledger.select(2, 2)
    said: list[str] = []

    def agree(dialog: QDialog) -> None:
        said.append(find(dialog, QLabel, "branch-dialog-settings").text())
        accept(dialog)

    answer(window, QDialog, agree)
    edited.click("ledger-branch")
    edited.wait_for_end()
    assert "Step size: 0.02 (was 0.05)" in said[0]
    session = window.desk.keeper.need()
    made = session.run(3)
    assert (made.parent, made.parent_step, made.recipe.step_size, made.reason) == (2, 2, 0.02, "finished")
    assert window.desk.bench.chain == [1, 3]
    assert texts(window.ledger.book.model, 3, 0) == ["Step 3", "Step 4"]
    assert window.desk.run.bridge.series.values("success").tolist()[:2] == shown[:2]
    assert len(window.desk.run.bridge.series) == 4
    assert State.NEW not in states(window)
    assert window.facts.facts.steps.tolist() == [1, 1, 2, 2, 3, 3, 4, 4]
    window.docks["probe"].show_panel("compare")
    edited.wait(lambda: len(window.compare.runs.ticked()) == 2, "the runs to compare")
    plot: Plot = window.plots.plots["edit-success"]
    assert not plot.overlays
    find(window, QCheckBox, "compare-in-plots").click()
    assert [overlay.name for overlay in plot.overlays] == ["run 2"]  # run 3 is the one that is shown
    find(window, QRadioButton, "compare-by-facts").click()
    assert plot.x_axis == "facts"


def test_a_branch_that_cannot_be_says_why(edited: Walker) -> None:
    window = edited.window
    window.method.set_recipe(window.method.recipe().with_(batch=3))
    window.ledger.select(2, 2)
    reasons: list[str] = []

    def look(dialog: QDialog) -> None:
        start = find(dialog, QPushButton, "branch-dialog-start")
        assert not start.isEnabled()
        reasons.append(start.toolTip())
        dialog.reject()

    answer(window, QDialog, look)
    edited.click("ledger-branch")
    assert "2 facts a step" in reasons[0]
    assert len(window.desk.keeper.need().runs()) == 2


def test_a_replay_leaves_the_chosen_facts_out(edited: Walker) -> None:
    window = edited.window
    before = weights(window)
    window.ledger.select(2, 2)
    table = window.ledger.fact_table
    edited.wait(lambda: window.ledger.facts.rowCount() == 2, "the facts of the step")
    assert window.ledger.facts.fact(0).prompt == window.facts.facts[2].prompt
    table.selectRow(1)
    answer(window, QDialog, accept)
    edited.click("ledger-replay")
    edited.wait_for_end()
    session = window.desk.keeper.need()
    prompts = [fact.prompt for fact in session.job(3).facts]
    assert len(prompts) == 7
    assert window.facts.facts[3].prompt not in prompts
    assert states(window)[3] is State.NEW
    assert [s for i, s in enumerate(states(window)) if i != 3 and s is State.NEW] == []
    assert not torch.equal(weights(window), before)
    assert session.run(3).reason == "finished"


def test_a_replay_takes_the_facts_chosen_in_the_facts_table(edited: Walker) -> None:
    window = edited.window
    window.ledger.select(2)
    edited.wait(lambda: window.ledger.facts.rowCount() == 8, "the facts of the run")
    window.facts.facts_page.table.selectRow(5)
    QApplication.processEvents()
    answer(window, QDialog, accept)
    edited.click("ledger-replay")
    edited.wait_for_end()
    prompts = [fact.prompt for fact in window.desk.keeper.need().job(3).facts]
    assert window.facts.facts[5].prompt not in prompts
    assert len(prompts) == 7


def test_a_run_is_renamed_and_noted(edited: Walker) -> None:
    window = edited.window
    window.ledger.select(2, 1)

    def type_name(dialog: QInputDialog) -> None:
        dialog.setTextValue("lower <b>γ</b>")
        dialog.accept()

    answer(window, QInputDialog, type_name)
    edited.click("ledger-name-run")
    answer(window, QInputDialog, type_name)
    edited.click("ledger-note-run")
    record = window.desk.keeper.need().run(2)
    assert (record.name, record.note) == ("lower <b>γ</b>", "lower <b>γ</b>")
    model = window.ledger.book.model
    assert model.index_of((2, False, 0)).data() == "Run 2 · lower <b>γ</b>"
    assert len(texts(model, 2, 0)) == 4


def test_every_action_says_why_it_cannot_be(window: MainWindow, loaded: MainWindow) -> None:
    names = ("rewind", "branch", "replay", "name-run", "note-run")
    for name in names:
        assert not window.actions_by_name[name].isEnabled()
        assert window.actions_by_name[name].toolTip() == "Choose a run or a step in the ledger."
    walker = Walker(loaded, patience_s=60)
    shell.fill(loaded, facts=40, warmup=0)
    walker.press("edit")
    walker.wait_for_steps(1)
    loaded.ledger.select(1, 1)
    for name in names[:3]:
        assert "Not while" in loaded.actions_by_name[name].toolTip()
    assert loaded.actions_by_name["name-run"].isEnabled()
    walker.press("stop")
    walker.wait_for_end()
    loaded.desk.set_model(None)
    QApplication.processEvents()
    assert loaded.actions_by_name["rewind"].toolTip() == "Load a model first."
    other = tiny_model(seed=3)
    loaded.desk.set_model(other)
    QApplication.processEvents()
    assert "not the model that is loaded" in loaded.actions_by_name["rewind"].toolTip()


def test_within_a_warm_up_only_its_end_can_be_returned_to(edited: Walker) -> None:
    window = edited.window
    window.ledger.select(1, 1, warming_up=True)
    assert "last batch" in window.actions_by_name["rewind"].toolTip()
    rows = window.desk.bench.rows
    window.ledger.select(1, 2, warming_up=True)
    edited.click("ledger-rewind")
    edited.wait_for_end()
    assert window.desk.bench.chain == [1]
    assert window.desk.bench.rows < rows
    assert set(states(window)) == {State.NEW}


def test_a_step_that_is_not_finite_can_be_skipped_from_its_notice(
    walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = walker.window
    four_more(window)
    poison(monkeypatch, "fact 2 is")
    walker.press("edit")
    walker.wait_for_end()
    [frame] = [f for f in window.notices.frames if "not finite" in f.notice.sentence]
    assert "fact 2 is" in frame.notice.sentence
    assert "model.layers.1.mlp.down_proj" in frame.notice.sentence
    offers = {b.text(): b for b in frame.findChildren(QPushButton, "notice-offer")}
    assert list(offers) == ["Skip these facts and go on", "Stop"]
    offers["Skip these facts and go on"].click()
    walker.wait_for_end()
    session = window.desk.keeper.need()
    assert (session.run().reason, session.run().steps_done) == ("finished", 4)
    assert states(window)[2:4] == [State.SKIPPED] * 2
    assert State.NEW not in states(window)
    assert texts(window.ledger.book.model, 1, STATE)[1] == "skipped"
    assert window.actions_by_name["edit"].isEnabled()  # the skipped ones may be tried again
    assert "2 facts" in window.actions_by_name["edit"].statusTip()


def test_stop_in_that_notice_leaves_the_run_where_it_is(
    walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = walker.window
    poison(monkeypatch, "fact 2 is")
    walker.press("edit")
    walker.wait_for_end()
    [frame] = [f for f in window.notices.frames if "not finite" in f.notice.sentence]
    next(b for b in frame.findChildren(QPushButton, "notice-offer") if b.text() == "Stop").click()
    QApplication.processEvents()
    assert not window.desk.run.activity
    assert window.desk.keeper.need().run().reason == "failed"
    assert not [f for f in window.notices.frames if "not finite" in f.notice.sentence]


def test_skip_as_a_setting_asks_nothing(walker: Walker, monkeypatch: pytest.MonkeyPatch) -> None:
    window = walker.window
    poison(monkeypatch, "fact 2 is")
    window.method.set_recipe(window.method.recipe().with_(on_error="skip"))
    walker.press("edit")
    walker.wait_for_end()
    assert states(window)[2:] == [State.SKIPPED] * 2
    assert any("skipped" in s for s in window.notices.sentences())
    assert "2 facts were skipped" in window.run_panel.note.text()
