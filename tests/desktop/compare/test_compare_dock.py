"""The compare dock on sessions of a tiny model: what it lists, tells and draws."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QRadioButton, QTableView, QToolButton
from pytestqt.qtbot import QtBot

from tests.desktop.finding import find
from tests.session.kept_runs import job, recipe, run_kept
from tests.tiny import tiny_model
from workbench.desktop.compare.models import GridModel
from workbench.desktop.compare.panel import ComparePanel
from workbench.desktop.compare.reading import candidates
from workbench.desktop.compare.retention import RetentionMap, matrix_of
from workbench.desktop.compare.runs import RunsModel
from workbench.desktop.facts import FactsPanel
from workbench.desktop.series import RunSeries
from workbench.desktop.workspace.keeper import SessionKeeper
from workbench.editing.run import Run
from workbench.session.folder import Session

WAIT_MS = 20_000


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """Run 1, and run 2 that branched from its second step with a smaller step size."""
    folder = tmp_path / "mine.stableedit"
    run_kept(folder, recipe(evaluate_every=2), job(8))
    with Session.open(folder) as session:
        going = session.branch(tiny_model(), 1, 2, recipe(evaluate_every=2, step_size=1e-3))
        list(Run(going.editor, going.job, sink=going.recorder, done=going.done).events())
        session.name_run(2, "slower", "a note")
    return folder


@pytest.fixture
def other(tmp_path: Path) -> Path:
    folder = tmp_path / "other.stableedit"
    run_kept(folder, recipe(memory=1), job(6))
    return folder


@pytest.fixture
def panel(qtbot: QtBot, session: Path, tmp_path: Path) -> Iterator[ComparePanel]:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    facts = FactsPanel(settings)
    keeper = SessionKeeper(settings, facts)
    made = ComparePanel(keeper)
    for widget in (facts, made):
        qtbot.addWidget(widget)
    made.resize(960, 240)
    made.show()
    assert any("compared here" in text.text() for text in made.findChildren(QLabel) if text.isVisible())
    with qtbot.waitSignal(keeper.opened, timeout=WAIT_MS):
        keeper.open(session)
    qtbot.waitUntil(lambda: len(made.runs.candidates) == 2, timeout=WAIT_MS)
    yield made
    made.close_threads()
    keeper.close()
    keeper.close_threads()


def cells(model: GridModel) -> list[list[str]]:
    return [
        [str(model.index(r, c).data()) for c in range(model.columnCount())] for r in range(model.rowCount())
    ]


def add(qtbot: QtBot, panel: ComparePanel, folder: Path, runs: int) -> None:
    panel.add_session(folder)
    qtbot.waitUntil(lambda: len(panel.runs.candidates) == runs, timeout=WAIT_MS)


def test_runs_are_listed_with_before_and_after(panel: ComparePanel) -> None:
    model = panel.runs
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert [c.name for c in model.candidates] == ["Run 1 · stableedit", "Run 2 · slower"]
    found = model.candidates[1].compared
    assert found.before is not None
    assert found.after is not None
    es = [c.key for c in model.columns].index("es") + 1
    assert model.index(1, es).data() == f"{found.after.es:.3f}"
    about = str(model.index(1, es).data(Qt.ItemDataRole.ToolTipRole))
    assert f"{found.after.es:.3f}, {found.before.es:.3f} before any edit" in about
    assert "a note" in str(model.index(1, 0).data(Qt.ItemDataRole.ToolTipRole))


def test_scores_settings_and_retention_of_the_ticked_runs(panel: ComparePanel) -> None:
    assert panel.figures.scores.headings == ("Score", "run 1, before", "step 4", "run 2, before", "step 4")
    [es] = [row for row in cells(panel.figures.scores) if row[0] == "Efficacy (ES)"]
    after = panel.runs.candidates[0].compared.after
    assert after is not None
    assert es[2] == f"{after.es:.3f}"
    assert cells(panel.figures.settings) == [["Step size", "0.003", "0.001"]]
    maps = panel.figures.maps.findChildren(RetentionMap)
    assert [m.after for m in maps] == [(2, 4), (2, 4)]
    assert maps[0].values.shape == (2, 4)
    assert panel.figures.different.text() == ""


def test_unticking_leaves_a_run_out_by_mouse_and_key(panel: ComparePanel, qtbot: QtBot) -> None:
    table = find(panel, QTableView, "compare-runs")
    table.setCurrentIndex(panel.runs.index(0, 0))
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Space)
    assert [c.short for c in panel.runs.ticked()] == ["run 2"]
    assert panel.figures.scores.headings[1:] == ("run 2, before", "step 4")
    assert "Tick two runs" in panel.figures.same.text()
    QTest.keyClick(table, Qt.Key.Key_Space)
    assert len(panel.runs.ticked()) == 2
    qtbot.wait(0)


def test_runs_of_another_session_join_and_leave(panel: ComparePanel, qtbot: QtBot, other: Path) -> None:
    remove = find(panel, QToolButton, "compare-remove")
    assert not remove.isEnabled()
    assert "another session" in remove.toolTip()
    add(qtbot, panel, other, 3)
    assert panel.runs.candidates[2].name == "other: Run 1 · stableedit"
    assert "different facts" in panel.figures.different.text()
    assert "Facts" in [row[0] for row in cells(panel.figures.settings)]
    add(qtbot, panel, other, 3)  # once more changes nothing
    find(panel, QTableView, "compare-runs").selectRow(2)
    assert remove.isEnabled()
    remove.click()
    assert [c.own for c in panel.runs.candidates] == [True, True]
    with Session.open(other) as still:
        assert len(still.runs()) == 1


def test_a_session_that_cannot_be_read_is_told(panel: ComparePanel, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(panel.failed, timeout=WAIT_MS) as told:
        panel.add_session(tmp_path / "nowhere")
    assert told.args is not None
    assert "does not exist" in str(told.args[1])
    Session.create(tmp_path / "empty").close()
    with qtbot.waitSignal(panel.failed, timeout=WAIT_MS) as told:
        panel.add_session(tmp_path / "empty")
    assert told.args is not None
    assert "no run that edited" in str(told.args[1])


def test_curves_are_overlaid_by_step_or_by_edits(panel: ComparePanel, qtbot: QtBot) -> None:
    told: list[dict[tuple[Path, int], RunSeries]] = []
    panel.overlays_changed.connect(told.append)
    find(panel, QCheckBox, "compare-in-plots").click()
    assert [key[1] for key in told[-1]] == [1, 2]
    [first, second] = told[-1].values()
    assert first.step.values.tolist() == second.step.values.tolist() == [1, 2, 3, 4]
    assert np.array_equal(first.values("success")[:2], second.values("success")[:2])
    find(panel, QCheckBox, "compare-in-plots").click()
    assert told[-1] == {}
    with qtbot.waitSignal(panel.axis_wanted) as axis:
        find(panel, QRadioButton, "compare-by-facts").click()
    assert axis.args == ["facts"]


def test_a_table_is_copied_for_a_spreadsheet(panel: ComparePanel) -> None:
    panel.copy_button.click()
    lines = QApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:2] == ["Score", "run 1, before"]
    assert lines[1].startswith("Says it, plain\t")
    panel.figures.setCurrentIndex(2)
    assert not panel.copy_button.isEnabled()
    assert "no table" in panel.copy_button.toolTip()


def test_the_map_reads_cells_by_pointer_and_keys(qtbot: QtBot) -> None:
    shown = RetentionMap("Run 7", (2, 4), [np.array([0.25, 1.0]), np.array([0.0, 0.5, 0.75, 1.0])])
    qtbot.addWidget(shown)
    shown.resize(400, 200)
    shown.show()
    area = shown._area()
    top_left, top_right = (
        QPoint(round(area.left()) + 3, round(area.top()) + 3),
        QPoint(round(area.right()) - 3, round(area.top()) + 3),
    )
    QTest.mouseMove(shown, top_left)
    qtbot.waitUntil(lambda: shown.reading() == "After step 2, facts of step 1: ES 0.25")
    QTest.mouseMove(shown, top_right)
    qtbot.waitUntil(lambda: shown.reading() == "After step 2, facts of step 4: still to come")
    shown.setFocus()
    QTest.keyClick(shown, Qt.Key.Key_Down)
    assert shown.accessibleDescription() == "After step 4, facts of step 4: ES 1.00"
    QTest.keyClick(shown, Qt.Key.Key_Left)
    assert "facts of step 3: ES 0.75" in shown.accessibleDescription()


def test_the_map_paints_its_cells_in_cividis_and_leaves_what_is_to_come_free(qtbot: QtBot) -> None:
    shown = RetentionMap("Run 7", (1, 2), [np.array([0.0]), np.array([0.0, 1.0])])
    qtbot.addWidget(shown)
    shown.resize(400, 200)
    area, picture = shown._area(), shown.grab().toImage()

    def colour(row: int, column: int) -> tuple[int, int, int]:
        centre = shown._cell(area, row, column).center().toPoint()
        found = picture.pixelColor(centre * picture.devicePixelRatioF())
        return found.red(), found.green(), found.blue()

    assert colour(0, 0) == colour(1, 0)
    dark, bright, free = colour(1, 0), colour(1, 1), colour(0, 1)
    assert dark[2] > dark[0]  # cividis begins in blue
    assert bright[0] > 200 > bright[2]  # and ends in yellow
    assert free not in (dark, bright)


def test_a_matrix_is_ragged_before_it_is_whole() -> None:
    matrix = matrix_of([np.array([1.0]), np.array([0.5, 0.25])])
    assert np.isnan(matrix[0, 1])
    assert matrix[1].tolist() == [0.5, 0.25]
    assert matrix_of([]).shape == (0, 0)


def test_new_runs_are_ticked_up_to_a_few(session: Path) -> None:
    with Session.open(session, read_only=True) as kept:
        found = candidates(kept)
    model = RunsModel()
    model.set_own(found[:1])
    assert len(model.ticked()) == 1
    model.set_own(found)
    assert len(model.ticked()) == 2
    model.setData(model.index(0, 0), 0, Qt.ItemDataRole.CheckStateRole)
    model.set_own(found)
    assert [c.key[1] for c in model.ticked()] == [2]


def test_a_folder_of_sessions_brings_all_their_runs_but_the_open_one(
    panel: ComparePanel, qtbot: QtBot, other: Path, session: Path
) -> None:
    assert other.parent == session.parent
    add(qtbot, panel, session.parent, 3)
    assert [c.own for c in panel.runs.candidates] == [True, True, False]
