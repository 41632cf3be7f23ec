"""The table of many runs: filter, order, groups by seed, a baseline, the frontier and what is exported."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.session.kept_runs import job, recipe, run_kept
from workbench.desktop.compare.columns import columns_of
from workbench.desktop.compare.curves import CompareCurves, Drawn
from workbench.desktop.compare.export import write_picture, write_table
from workbench.desktop.compare.frontier import FrontierPlot
from workbench.desktop.compare.reading import Candidate, candidates
from workbench.desktop.compare.runs import RunsModel
from workbench.desktop.plots.dot_plot import front
from workbench.session.folder import Session

Descending, Ascending = Qt.SortOrder.DescendingOrder, Qt.SortOrder.AscendingOrder


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Candidate:
    folder = tmp_path_factory.mktemp("compare") / "mine.stableedit"
    run_kept(folder, recipe(evaluate_every=2), job(4))
    with Session.open(folder, read_only=True) as session:
        return candidates(session)[0]


def like(
    real: Candidate, number: int, es: float, perplexity: float, note: str = "", **settings: object
) -> Candidate:
    """A run of its own with these scores."""
    compared = real.compared
    after = compared.after
    assert after is not None
    record = replace(
        compared.record,
        id=number,
        name=f"try {number}",
        note=note,
        recipe=replace(compared.record.recipe, **settings),  # type: ignore[arg-type]
    )
    after = replace(after, es=es, perplexity=perplexity)
    return replace(real, compared=replace(compared, record=record, after=after))


@pytest.fixture
def model(real: Candidate, qapp: QApplication) -> RunsModel:
    del qapp
    made = RunsModel()
    QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal, made)
    made.set_own(
        [
            like(real, 1, 0.90, 120.0, step_size=1e-3, seed=0),
            like(real, 2, 0.80, 110.0, step_size=1e-3, seed=1, note="again #good"),
            like(real, 3, 0.50, 100.0, step_size=5e-4, seed=0),
            like(real, 10, float("nan"), 130.0, step_size=2e-3, seed=0),
        ]
    )
    return made


def numbers(model: RunsModel) -> list[int]:
    return [row.members[0].compared.record.id for row in model.rows]


def column(model: RunsModel, key: str) -> int:
    return [c.key for c in model.columns].index(key) + 1


def shown(model: RunsModel, row: int, key: str) -> str:
    return str(model.index(row, column(model, key)).data())


def test_columns_are_scores_and_the_settings_that_differ(model: RunsModel) -> None:
    keys = [c.key for c in model.columns]
    assert keys[:2] == ["tags", "facts"]
    assert {"es", "perplexity", "step_size", "seed"} < set(keys)
    assert "ridge" not in keys
    model.set_all_settings(True)
    assert "ridge" in [c.key for c in model.columns]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("", [1, 2, 3, 10]),
        ('"try 2"', [2]),
        ("#GOOD", [2]),
        ("es>0.6", [1, 2]),
        ("es<=0.8 step_size<1e-3", [3]),
        ("step=1e-3 seed!=1", [1]),
        ("perpl>=120", [1, 10]),
    ],
)
def test_a_filter_takes_words_and_conditions(model: RunsModel, text: str, left: list[int]) -> None:
    model.set_filter(text)
    assert numbers(model) == left
    assert model.problem == ""


def test_a_filter_says_what_it_does_not_know(model: RunsModel) -> None:
    model.set_filter("nonsense>3")
    assert "“nonsense”" in model.problem
    model.set_filter("es>much")
    assert "“much” is not a number" in model.problem


def test_rows_are_sorted_by_any_column_and_what_is_not_known_comes_last(model: RunsModel) -> None:
    model.sort(column(model, "es"), Descending)
    assert numbers(model) == [1, 2, 3, 10]
    model.sort(column(model, "es"), Ascending)
    assert numbers(model) == [3, 2, 1, 10]
    model.sort(0, Descending)
    assert numbers(model) == [10, 3, 2, 1]


def test_runs_that_differ_in_their_seed_alone_are_one_row_with_mean_and_spread(model: RunsModel) -> None:
    model.set_grouped(True)
    assert numbers(model) == [1, 3, 10]
    assert model.rows[0].name == "2 seeds of try 1"
    assert shown(model, 0, "es") == "0.850 ± 0.071"
    first = model.index(0, 0)
    model.setData(first, Qt.CheckState.Checked.value, Qt.ItemDataRole.CheckStateRole)
    assert {1, 2} <= {c.compared.record.id for c in model.ticked()}


def test_a_baseline_stands_first_and_the_others_say_how_they_differ(model: RunsModel) -> None:
    model.sort(column(model, "es"), Descending)
    model.set_baseline(model.candidates[2].key)
    assert numbers(model) == [3, 1, 2, 10]
    assert model.index(0, 0).data().endswith("baseline")
    assert shown(model, 0, "es") == "0.500"
    assert shown(model, 1, "es") == "0.900 (+0.400)"
    assert shown(model, 1, "perplexity") == "120.0 (+20.0)"
    model.remove([model.candidates[2].key])
    assert model.baseline is None
    assert numbers(model) == [1, 2, 10]


def test_curves_are_drawn_as_their_difference_from_the_baseline(real: Candidate, qtbot: QtBot) -> None:
    plot = CompareCurves()
    qtbot.addWidget(plot)
    one, two = Drawn("1", "run 1", real.series, 0), Drawn("2", "run 2", real.series, 1)
    plot.show_runs([one, two], "success", None)
    assert [line.label for line in plot.all_lines()] == ["run 1", "run 2"]
    plot.show_runs([one, two], "success", one)
    [line] = plot.all_lines()
    assert line.label == "run 2"
    assert line.y.tolist() == [0.0] * len(real.series)


def test_the_frontier_is_what_nothing_beats(model: RunsModel, qtbot: QtBot) -> None:
    places = [(120.0, 0.9), (110.0, 0.8), (100.0, 0.5), (125.0, 0.85)]
    assert front(places, -1, 1) == [(100.0, 0.5), (110.0, 0.8), (120.0, 0.9)]
    plot = FrontierPlot()
    qtbot.addWidget(plot)
    axes = column(model, "perplexity") - 1, column(model, "es") - 1
    plot.show_rows(model.rows, model.columns, axes, [0, 1, 2, 3], [True, False, False, False])
    assert plot.shown() == [2, 1, 0]
    assert list(plot.edge()) == [(100.0, 0.5), (110.0, 0.8), (120.0, 0.9)]
    assert [plot.dot(i).words for i in (0, 1)] == ["run 1", ""]
    setting = column(model, "step_size") - 1
    plot.show_rows(model.rows, model.columns, (setting, axes[1]), [0, 1, 2, 3], [False] * 4)
    assert plot.edge() == ()


def test_runs_and_pictures_are_exported(model: RunsModel, qtbot: QtBot, tmp_path: Path) -> None:
    write_table(model.candidates[:2], model.columns, tmp_path / "runs.csv")
    with (tmp_path / "runs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["es"] for row in rows] == ["0.9", "0.8"]
    assert [row["note"] for row in rows] == ["", "again #good"]
    assert float(rows[0]["perplexity_before"]) > 0
    plot = FrontierPlot()
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    write_picture(plot, tmp_path / "view.png")
    assert QImage(str(tmp_path / "view.png")).width() == 800


def test_a_thousand_runs_are_a_thousand_rows(real: Candidate) -> None:
    model = RunsModel()
    many = [
        like(real, i, (i * 7 % 1000) / 1000, 100.0 + i, seed=i % 5, step_size=(i // 5 + 1) * 1e-5)
        for i in range(1_000)
    ]
    model.set_own(many)
    model.set_grouped(True)
    assert len(model.rows) == 200
    model.sort(column(model, "es"), Descending)
    found = [row.values[column(model, "es") - 1] for row in model.rows]
    assert found == sorted(found, reverse=True)
    assert len(columns_of(many)) == len(model.columns)


def test_no_label_of_the_frontier_is_cut_at_the_edge(model: RunsModel, qtbot: QtBot) -> None:
    plot = FrontierPlot()
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    plot.show()
    axes = column(model, "perplexity") - 1, column(model, "es") - 1
    plot.show_rows(model.rows, model.columns, axes, [0, 1, 2, 3], [False] * 4)
    low, high = plot.canvas.view.viewRange()[0]
    [(_, ticks)] = plot.canvas.bottom_axis.tickValues(low, high, 300)
    label = 0.05 * (high - low)
    assert ticks
    assert low + label < ticks[0]
    assert ticks[-1] < high - label
