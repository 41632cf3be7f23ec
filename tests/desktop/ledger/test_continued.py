"""A run that is continued in the window reads as one run: counts, scores and states go on where they were."""

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from tests.desktop.finding import find
from tests.desktop.ledger.test_ledger_dock import four_more, states, texts
from tests.desktop.shell import conftest as shell
from tests.desktop.shell.walker import Walker
from workbench.desktop.facts import State
from workbench.desktop.ledger.columns import ES
from workbench.desktop.ledger.step_facts import STATE
from workbench.editing.events import Event, RunStarted, StepApplied
from workbench.session.recorder import RunRecorder

theme, make_window, window, loaded, walker = (
    shell.theme,
    shell.make_window,
    shell.window,
    shell.loaded,
    shell.walker,
)


def stop_in_step(walker: Walker, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The person stops where the success of that step is being read."""
    keep_step = RunRecorder.keep_step

    def keep(self: RunRecorder, step: int, *of_step: object) -> None:
        keep_step(self, step, *of_step)  # type: ignore[arg-type]
        if step == number:
            walker.window.desk.run.runner.stop()

    with monkeypatch.context() as patched:
        patched.setattr(RunRecorder, "keep_step", keep)
        walker.press("edit")
        walker.wait_for_end()


def test_a_run_that_is_continued_counts_scores_and_marks_as_one(
    walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = walker.window
    four_more(window)
    QApplication.processEvents()
    stop_in_step(walker, monkeypatch, 3)
    window.docks["probe"].show_panel("ledger")
    ledger = window.ledger
    ledger.select(1)
    walker.wait(lambda: ledger.facts.rowCount() == 8, "the facts of the run")
    assert states(window) == [State.MISSED] * 2 + [State.EDITED] * 4 + [State.NEW] * 2
    seen: list[tuple[str, list[State]]] = []

    def look(events: list[Event]) -> None:
        if any(isinstance(event, RunStarted) for event in events):
            seen.append((find(window, QLabel, "run-count").text(), states(window)))

    window.desk.run.advanced.connect(look)
    walker.press("edit")
    walker.wait_for_end()
    session = window.desk.keeper.need()
    kept = [step.report for step in session.steps(1)]
    assert [isinstance(report, StepApplied) and report.success >= 0 for report in kept] == [True] * 4
    [(count, marked)] = seen
    assert count in ("6 of 8 facts", "8 of 8 facts")
    assert State.EDITING not in marked[:6]
    progress = window.desk.run.bridge.progress
    assert (progress.count(), progress.scored_step) == ("8 of 8 facts", 4)
    model = ledger.book.model
    assert model.index(0, 4).data() == "8 of 8"
    assert texts(model, 1, ES)[-1]
    walker.wait(
        lambda: all(ledger.facts.index(row, STATE).data() for row in range(8)), "what the scoring found"
    )


def test_only_the_scores_of_a_run_that_has_all_its_steps_are_taken(
    walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = walker.window
    stop_in_step(walker, monkeypatch, 2)
    session = window.desk.keeper.need()
    kept_at = [step.kept for step in session.steps(1)]
    assert session.run(1).reason == "stopped"
    walker.press("edit")
    walker.wait_for_end()
    assert [step.kept for step in session.steps(1)] == kept_at
    assert session.run(1).reason == "finished"
    assert find(window, QLabel, "run-count").text() == "4 of 4 facts"
    assert State.EDITING not in states(window)
    assert State.NEW not in states(window)
    assert texts(window.ledger.book.model, 1, ES)[-1]
