"""What a run found of the selected fact: scores before and after, how they went, and why."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QLabel, QPlainTextEdit, QTableView, QToolButton
from pytestqt.qtbot import QtBot

from tests.desktop.finding import find
from tests.desktop.probe.test_probe_panel import FakeProber
from workbench.desktop.probe.panel import ProbePanel
from workbench.desktop.probe.trace_plot import TracePlot
from workbench.desktop.probe.truth import FactTruth, TruthRows
from workbench.evaluation.explaining import score_reasons
from workbench.evaluation.fact_history import FactHistory
from workbench.evaluation.scores import LOSS_PROTOCOL, FactScores
from workbench.facts.diagnosis import Cause, Reason
from workbench.facts.fact import Fact

FACT, OTHER = Fact("The capital of France is", "Lyon"), Fact("The capital of Spain is", "Cadiz")
CONFLICT = Reason(Cause.CONFLICT, "Later fact 2 has the <b>same</b> prompt.", 1)


def scores(es: float, loss: float) -> FactScores:
    values = {"es": es, "gs": np.nan, "ls": 0.25, "exact": float(es == 1), "generated": 0.0, "loss": loss}
    found = {
        name: np.array([value]) for name, value in (values | {"preference": 1, "locality_kept": 1}).items()
    }
    return FactScores(**found)  # type: ignore[arg-type]  # arrays only


def truth() -> FactTruth:
    """Edited at step 2, answered then, lost after step 4."""
    history = FactHistory()
    history.add_scores(0, scores(0.0, 6.0))
    history.add_step(2, 0, 1, np.array([1.0]), np.array([0.125]))
    history.add_scores(4, scores(0.5, 2.0))
    record = history.of(0)
    return FactTruth(record, "run 3, full whitening", 7, (*score_reasons(record), CONFLICT))


@pytest.fixture
def panel(qtbot: QtBot) -> ProbePanel:
    made = ProbePanel()
    qtbot.addWidget(made)
    made.resize(968, 204)
    made.show()
    made.set_truths(lambda fact: truth() if fact == FACT else None)
    QTest.mouseClick(find(made, QToolButton, "probe-mode-run"), Qt.MouseButton.LeftButton)
    return made


def table(panel: ProbePanel) -> list[list[str]]:
    model = find(panel, QTableView, "probe-truth-table").model()
    return [
        [str(model.index(row, column).data()) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def test_scores_stand_before_and_after_with_what_they_are(panel: ProbePanel) -> None:
    panel.show_fact(FACT)
    assert table(panel) == [
        ["Unedited", "no", "–", "0.00", "no", "yes", "–", "0.25", "1.00", "6.00"],
        ["Step 2, its own", "–", "–", "1.00", "–", "–", "–", "–", "–", "0.12"],
        ["Step 4, now", "no", "–", "0.50", "no", "yes", "–", "0.25", "1.00", "2.00"],
    ]
    model = find(panel, QTableView, "probe-truth-table").model()
    header = model.headerData(9, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert LOSS_PROTOCOL[:40] in str(header)
    assert "teacher forcing" in str(model.index(0, 3).data(Qt.ItemDataRole.ToolTipRole))


def test_it_says_what_became_of_the_fact_and_why(panel: ProbePanel) -> None:
    panel.show_fact(FACT)
    assert (
        find(panel, QLabel, "probe-truth-heading").text() == "Lost · step 2 · fact 7 of run 3, full whitening"
    )
    said = find(panel, QPlainTextEdit, "probe-reasons").toPlainText()
    assert said.splitlines() == [
        "• It was answered after step 2 and no longer after step 4.",
        "• Later fact 2 has the <b>same</b> prompt.",
    ]


def test_the_probes_page_says_it_in_one_line(panel: ProbePanel) -> None:
    panel.show_fact(FACT)
    QTest.mouseClick(find(panel, QToolButton, "probe-mode-fact"), Qt.MouseButton.LeftButton)
    verdict = find(panel, QLabel, "probe-verdict")
    assert verdict.isVisible()
    assert verdict.text().startswith("Lost · step 2")
    assert "no longer after step 4" in verdict.accessibleName()
    panel.show_fact(OTHER)
    assert not verdict.isVisible()


def test_a_fact_that_no_run_had_is_an_empty_state(panel: ProbePanel) -> None:
    panel.show_fact(FACT)
    panel.show_fact(OTHER)
    assert not find(panel, QTableView, "probe-truth-table").isVisible()
    assert not table(panel)
    assert not panel.truth_view.trace.moments


def test_what_is_shown_follows_when_the_run_goes_on(panel: ProbePanel) -> None:
    panel.set_truths(lambda _fact: None)
    panel.show_fact(FACT)
    assert not table(panel)
    panel.set_truths(lambda _fact: truth())
    assert len(table(panel)) == 3


def test_asking_from_here_goes_to_the_probes(panel: ProbePanel, qtbot: QtBot) -> None:
    panel.show_fact(FACT)
    panel.set_prober(FakeProber())
    with qtbot.waitSignal(panel._background.finished):
        panel.run_button.click()
    assert find(panel, QTableView, "probe-fact-table").isVisible()
    assert find(panel, QLabel, "probe-says").text() == (
        "Original: 0 of 1 hit; in the chat 0 of 1 hit. Edited: 1 of 1 hit; in the chat 1 of 1 hit."
    )
    panel.close_threads()


def test_the_trace_is_read_with_keys_and_pointer(panel: ProbePanel) -> None:
    panel.show_fact(FACT)
    trace = find(panel, TracePlot, "probe-trace")
    assert "unedited: ES 0.00" in trace.accessibleName()
    trace.setFocus()
    QTest.keyClick(trace, Qt.Key.Key_Right)
    assert trace.reading() == "after step 4: ES 0.50, loss 2.00 nats"
    QTest.keyClick(trace, Qt.Key.Key_Left)
    assert trace.reading() == "after step 2: ES 1.00, loss 0.12 nats"
    at = QPointF(2, 40)
    none = Qt.MouseButton.NoButton
    move = QMouseEvent(
        QEvent.Type.MouseMove, at, trace.mapToGlobal(at), none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(trace, move)
    assert trace.reading().startswith("unedited")
    assert trace.accessibleDescription() == trace.reading()


@pytest.mark.usefixtures("qapp")
def test_the_table_is_a_sound_model() -> None:
    rows = TruthRows()
    tester = QAbstractItemModelTester(rows, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for record in (truth().record, None, truth().record):
        rows.set_record(record)
    assert rows.rowCount() == 3
    del tester
