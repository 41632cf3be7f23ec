"""What the curves stand for."""

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QCheckBox

from tests.desktop.plots.looking import FULL, MakeRun, curves, show, x_range, y_range
from workbench.desktop.plots import PlotGrid
from workbench.desktop.plots.legend import Legend
from workbench.desktop.plots.orthogonality import OrthogonalityPlot
from workbench.desktop.plots.spectrum import SpectrumPlot


def test_curves_stand_for_what_the_run_holds(grid: PlotGrid, make_run: MakeRun) -> None:
    run = make_run(30)
    show(grid, run)
    plot = curves(grid, "shift-norm")
    assert [line.label for line in plot.visible_lines()] == ["18", "19", "20", "21"]
    item = plot._items[FULL.format(19)]
    assert item.y == pytest.approx(run.values("shift_norm")[1])
    assert y_range(plot)[0] < 0 < run.values("shift_norm").max() < y_range(plot)[1]
    assert [line.label for line in curves(grid, "edit-success").visible_lines()] == [
        "this step", "first batch", "random earlier", "before step", "says it", "ES, all so far",
    ]  # fmt: skip


def test_the_legend_toggles_curves(grid: PlotGrid, make_run: MakeRun) -> None:
    show(grid, make_run(10))
    plot = curves(grid, "shift-norm")
    plot.open_legend()
    legend = plot.findChild(Legend)
    assert legend is not None
    box = next(box for box in legend.findChildren(QCheckBox) if box.text() == FULL.format(20))
    box.click()
    assert not plot._items[FULL.format(20)].isVisible()
    assert [line.label for line in plot.visible_lines()] == ["18", "19", "21"]
    box.click()
    assert plot._items[FULL.format(20)].isVisible()
    legend.close()


def test_facts_along_x(grid: PlotGrid, make_run: MakeRun) -> None:
    grid.set_large(["shift-norm"])
    show(grid, make_run(30))
    facts = next(action for action in grid.axis_actions if action.text() == "Plot by facts")
    facts.trigger()
    QApplication.processEvents()
    assert x_range(grid.plots["shift-norm"])[1] >= 3_000
    grid.plots["shift-norm"].canvas.hovered.emit(1_210)
    assert grid.plots["shift-norm"].accessibleDescription().startswith("step 12 · 1,200 facts")


def test_an_earlier_run_lies_behind_with_its_name(grid: PlotGrid, make_run: MakeRun) -> None:
    show(grid, make_run(30), make_run(20, name="Ablation", seed=3))
    plot = curves(grid, "weight-drift")
    behind = plot._items["0/" + FULL.format(18)]
    assert behind.isVisible()
    assert behind.pen.color().alpha() < 255
    assert len(behind.pen.dashPattern()) == 4
    assert [label.text for label in plot._labels._labels].count("Ablation") == 1
    show(grid, make_run(30))
    assert "0/" + FULL.format(18) not in plot._items


def test_many_modules_are_averaged_and_their_range_is_shaded(grid: PlotGrid, make_run: MakeRun) -> None:
    run = make_run(400, 16, evaluate_every=0)
    show(grid, run)
    plot = curves(grid, "shift-norm")
    assert "range shaded" in plot.header.caption.toolTip()
    assert plot._backdrop.isVisible()
    bounds = plot._backdrop.boundingRect()
    assert bounds.bottom() == pytest.approx(run.values("shift_norm").max(), rel=1e-5)
    assert len(plot._labels.placed()) < 16
    placed = sorted(place for _, _, place in plot._labels.placed())
    assert min(np.diff(placed)) >= 13 - 1e-6


def test_perplexity_turns_logarithmic_when_it_spans_decades(grid: PlotGrid, make_run: MakeRun) -> None:
    run = make_run(30)
    show(grid, run)
    plot = curves(grid, "perplexity")
    grid.fill(plot)
    assert not plot.logarithmic
    run.scores["perplexity"].values[-1] = 90_000
    run.revision += 1
    grid.refresh()
    assert plot.logarithmic
    assert "log scale" in plot.header.caption.shown_quantity()
    assert y_range(plot)[1] == pytest.approx(np.log10(90_000), abs=0.5)


def test_the_spectrum_says_its_floor_and_rows(grid: PlotGrid, make_run: MakeRun) -> None:
    run = make_run(30)
    show(grid, run)
    plot = grid.plots["spectrum"]
    assert isinstance(plot, SpectrumPlot)
    grid.fill(plot)
    latest = run.spectra[FULL.format(18)].latest
    said = plot.header.caption.shown_quantity()
    assert f"{latest.floored_share:.0%}".replace("%", " % floored") in said
    assert f"n {latest.rows:,}, d_v 576" in said
    floor = next(line for line in plot.visible_lines() if line.key == "floor")
    assert floor.y[0] == pytest.approx(latest.floor / latest.mean)
    plot.chooser._menu.actions()[2].trigger()
    assert plot.chooser.module == FULL.format(20)


def test_orthogonality_of_one_module(grid: PlotGrid, make_run: MakeRun) -> None:
    run = make_run(30)
    show(grid, run)
    plot = grid.plots["orthogonality"]
    assert isinstance(plot, OrthogonalityPlot)
    assert plot.visible_lines()[0].low is not None
    plot.chooser._menu.actions()[1].trigger()
    assert plot.visible_lines()[0].low is None
    assert plot.visible_lines()[0].y == pytest.approx(run.values("cosine_previous")[0], nan_ok=True)


def test_the_first_step_shows_as_a_point(grid: PlotGrid, make_run: MakeRun) -> None:
    show(grid, make_run(1))
    plot = curves(grid, "shift-norm")
    lit = plot.tokens.plot.lower()
    picture = plot.canvas.grab().toImage()
    left, top, width, height = (round(v) for v in plot.canvas.view_rect_on_canvas())
    edge = range(left + width - 8, left + width)
    colours = {picture.pixelColor(x, y).name() for x in edge for y in range(top, top + height)}
    assert len(colours - {lit, plot.tokens.line.lower()}) > 3


def test_a_change_within_the_noise_looks_like_none(grid: PlotGrid, make_run: MakeRun) -> None:
    show(grid, make_run(4))
    plot = curves(grid, "perplexity")
    for values in (100.0, 100.2), (100.0, 180.0):
        low, high = plot.y_range(*values)
        assert low <= min(95.0, values[0])
        assert high >= max(105.0, values[1])
