"""Testing the claims in the window, on a tiny model."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.desktop.finding import find
from tests.studies.made_up import TEXTS, facts, recipe_of
from tests.studies.test_verdicts import all_runs, run
from tests.tiny import tiny_model
from workbench.desktop.claims.claim_row import ClaimRow
from workbench.desktop.claims.dialog import ClaimsDialog, open_claims
from workbench.desktop.study import StudyRequest
from workbench.desktop.theme import Theme
from workbench.models.loaded import LoadedModel
from workbench.studies.claims import variants as v
from workbench.studies.claims.verdicts import CLAIMS, judge

WAIT_MS = 60_000


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    made = Theme(qapp, "dark")
    yield made
    made.deleteLater()


@pytest.fixture
def dialog(theme: Theme, qtbot: QtBot, tmp_path: Path) -> Iterator[ClaimsDialog]:
    del theme
    loaded = tiny_model()

    @contextmanager
    def provide(_cancel: Event) -> Iterator[LoadedModel]:
        yield loaded

    request = StudyRequest(provide, facts(20), facts(16, 100), recipe_of(loaded), TEXTS, TEXTS)
    made = open_claims(request, folder=tmp_path)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made)
    yield made
    made.work.close()


def set_number(dialog: ClaimsDialog, name: str, text: str) -> None:
    field = find(dialog, QAbstractSpinBox, f"claims-{name}")
    field.lineEdit().setText(text)
    field.edited.emit()  # type: ignore[attr-defined]


def click(dialog: ClaimsDialog, name: str) -> None:
    QTest.mouseClick(find(dialog, QPushButton, f"claims-{name}"), Qt.MouseButton.LeftButton)


def text_of(parent: QWidget, name: str) -> str:
    return find(parent, QLabel, name).text()


def test_every_claim_is_listed_with_its_rule_before_anything_runs(dialog: ClaimsDialog) -> None:
    for claim in CLAIMS:
        assert text_of(dialog, f"claim-{claim.name}-verdict") == "Not measured yet"
        assert claim.rule in dialog.rows[claim.name].rule.text()
    assert dialog.amount.text() == "24 runs of 1,000 facts"


def test_run_stop_and_go_on_until_every_claim_is_decided(dialog: ClaimsDialog, qtbot: QtBot) -> None:
    for name, text in (("steps", "4"), ("batch", "4"), ("seeds", "1")):
        set_number(dialog, name, text)
    click(dialog, "start")
    qtbot.waitUntil(lambda: len(dialog._records) >= 1, timeout=WAIT_MS)
    click(dialog, "close")
    qtbot.waitUntil(lambda: dialog.result_ is not None, timeout=WAIT_MS)
    assert dialog.isVisible()
    first = dialog.result_
    assert first is not None

    click(dialog, "start")
    qtbot.waitUntil(lambda: dialog.result_ is not None and dialog.result_ is not first, timeout=WAIT_MS)
    assert dialog.result_ is not None
    assert dialog.result_.runs[0].seconds == first.runs[0].seconds
    for claim in CLAIMS:
        assert "1 seed" in text_of(dialog, f"claim-{claim.name}-verdict")
        assert text_of(dialog, f"claim-{claim.name}-figures")
    assert "saved in" in text_of(dialog, "claims-says").replace("\u200b", "")


def test_numbers_out_of_range_are_refused_beside_the_fields(dialog: ClaimsDialog) -> None:
    set_number(dialog, "batch", "3")
    set_number(dialog, "steps", "2")
    assert "Steps is 2" in text_of(dialog, "claims-problem")
    assert not find(dialog, QPushButton, "claims-start").isEnabled()
    set_number(dialog, "steps", "6")
    assert find(dialog, QPushButton, "claims-start").isEnabled()


def test_a_row_overlays_its_runs_and_says_the_verdict_in_a_word(theme: Theme, qtbot: QtBot) -> None:
    del theme
    claim = next(c for c in CLAIMS if c.name == "early-edits")
    claim_row = ClaimRow(claim)
    qtbot.addWidget(claim_row)
    records = [*all_runs(0), *all_runs(1, reference=run(v.REFERENCE, 1, success=(0.9,) * 8))]
    result = next(r for r in judge(records) if r.name == claim.name)
    claim_row.show_result(result, records)
    claim_row.plot.redraw()
    lines = claim_row.plot.all_lines()
    assert [line.name for line in lines] == [
        "Full whitening, seed 0",
        "Early steps left out, seed 0",
        "Full whitening, seed 1",
        "Early steps left out, seed 1",
    ]
    assert lines[1].x.tolist() == [5, 6, 7, 8]
    assert lines[0].dash != lines[1].dash
    assert claim_row.verdict.text() == "? Undecided: seeds disagree · 2 seeds"
    assert "(0.5, 0.9)" in claim_row.figures.text()


def test_every_claim_has_a_curve_of_its_own_kind(theme: Theme, qtbot: QtBot) -> None:
    del theme
    records = all_runs(0)
    for claim in CLAIMS:
        claim_row = ClaimRow(claim)
        qtbot.addWidget(claim_row)
        claim_row.plot.set_records(records)
        lines = claim_row.plot.all_lines()
        assert len(lines) == len(claim.variants)
        assert all(np.isfinite(line.y[1:]).all() for line in lines)


def test_too_few_facts_are_said_before_start_and_it_is_off(dialog: ClaimsDialog) -> None:
    start = find(dialog, QPushButton, "claims-start")
    assert "1,000 facts" in text_of(dialog, "claims-problem")
    assert "there are 20" in text_of(dialog, "claims-problem")
    assert not start.isEnabled()
    assert "there are 20" in start.toolTip()
    for name, text in (("steps", "4"), ("batch", "5")):
        set_number(dialog, name, text)
    assert start.isEnabled()
    assert text_of(dialog, "claims-problem") == ""
