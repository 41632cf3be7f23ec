"""What runs found of the facts of the table: of the run that is shown, and of those before it."""

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from tests.desktop.shell.conftest import fill
from tests.desktop.shell.walker import Walker
from workbench.desktop.facts import State, prepared
from workbench.desktop.probe.truth import FactTruth
from workbench.desktop.run.fact_truths import FactTruths
from workbench.facts.diagnosis import Cause
from workbench.facts.fact import Fact


@pytest.fixture
def truths(walker: Walker) -> Iterator[FactTruths]:
    desk = walker.window.desk
    made = FactTruths(desk.run, desk.keeper, desk.facts, walker.window)
    yield made
    made.close()


def edit(walker: Walker) -> None:
    walker.wait(walker.window.tool_bar.buttons["edit"].isEnabled, "facts to edit")
    walker.press("edit")
    walker.wait_for_end()


def told(truths: FactTruths, qtbot: QtBot, fact: Fact) -> FactTruth:
    """Once other facts and earlier runs were looked at, in a worker."""
    if truths._looked() is None:
        qtbot.waitUntil(lambda: truths._looked() is not None, timeout=20_000)
    found = truths.of(fact)
    assert found is not None
    return found


def test_a_fact_has_its_scores_and_what_is_in_its_way(
    walker: Walker, truths: FactTruths, qtbot: QtBot
) -> None:
    panel = walker.window.facts
    panel.history.add(panel.facts, prepared([Fact("fact 1 is", "other")]))
    assert truths.of(panel.facts[1]) is None
    edit(walker)
    found = told(truths, qtbot, panel.facts[1])
    record = found.record
    assert (found.number, record.step, record.after_step) == (2, 1, 3)
    assert record.before.keys() == record.after.keys()
    assert [m.step for m in record.trace] == [0, 1, 3]
    state = panel.facts.state(1)
    assert state is State[record.fate.name]
    conflict = next(reason for reason in found.reasons if reason.cause is Cause.CONFLICT)
    assert "Later fact 5" in conflict.sentence


def test_a_step_leads_to_its_facts(walker: Walker) -> None:
    panel = walker.window.facts
    edit(walker)
    assert walker.window.desk.run.rows_of_step(2).tolist() == [2, 3]
    panel.reveal(walker.window.desk.run.rows_of_step(2))
    assert panel.facts_page.table.chosen().tolist() == [2, 3]
    assert not len(walker.window.desk.run.rows_of_step(9))


def test_facts_of_an_earlier_run_keep_theirs(walker: Walker, truths: FactTruths, qtbot: QtBot) -> None:
    window = walker.window
    edit(walker)
    first = told(truths, qtbot, window.facts.facts[0])
    fill(window, facts=2, warmup=0)
    window.facts.history.add(window.facts.facts, prepared([Fact("another is", "thing")]))
    edit(walker)
    again = told(truths, qtbot, window.facts.facts[2])
    assert again.record.step == 2
    assert again.run.startswith(first.run.split(",")[0])
    newest = told(truths, qtbot, window.facts.facts[6])
    assert newest.run != again.run
    assert newest.number == 3


def test_facts_edited_again_are_in_the_next_run(walker: Walker, truths: FactTruths, qtbot: QtBot) -> None:
    window = walker.window
    edit(walker)
    before = told(truths, qtbot, window.facts.facts[3])
    window.facts.reveal(window.desk.run.rows_of_step(2))
    window.facts.action("again").trigger()
    assert window.desk.situation().fresh == 2
    edit(walker)
    assert window.facts.facts.steps.tolist() == [1, 1, 1, 1]
    after = told(truths, qtbot, window.facts.facts[3])
    assert after.run != before.run
    assert after.number == 2


def test_a_cell_of_the_retention_plot_selects_its_facts_and_the_probe_dock_tells_of_one(
    walker: Walker,
) -> None:
    window = walker.window
    edit(walker)
    window.plots.facts_wanted.emit(2)
    assert window.facts.page.table.chosen().tolist() == [2, 3]
    window.facts.page.table.selectRow(2)
    walker.wait(lambda: window.probe.truth_view.rows.rowCount(), "what became of the fact")
    assert window.probe.truth_view.heading.text()
