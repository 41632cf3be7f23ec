"""Pictures and tables of the plots."""

import csv
import os
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from tests.desktop.plots.looking import FULL, MakeRun, show
from workbench.desktop.plots import PlotGrid
from workbench.desktop.theme import DARK


def test_exports(grid: PlotGrid, make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(30)
    grid.set_large(["shift-norm"])
    show(grid, run)
    plot = grid.plots["shift-norm"]
    wrote: list[str] = []
    grid.exported.connect(wrote.append)
    for suffix in ("png", "svg", "csv"):
        path = str(tmp_path / f"norms.{suffix}")
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, path=path: (path, ""))
        getattr(plot.commands, suffix).trigger()
    assert wrote == [str(tmp_path / f"norms.{suffix}") for suffix in ("png", "svg", "csv")]
    assert QImage(wrote[0]).size() == plot.size() * 2
    drawing = QSvgRenderer(wrote[1])
    assert drawing.isValid()
    assert drawing.viewBox().size() == plot.size()
    assert b"Shift norm" in Path(wrote[1]).read_bytes()
    with open(wrote[2], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == [str(step) for step in range(1, 31)]
    assert rows[11]["facts"] == "1200"
    assert float(rows[11][FULL.format(20)]) == pytest.approx(run.values("shift_norm")[2, 11])


def test_a_small_plot_is_exported_as_if_it_were_large(
    grid: PlotGrid, make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(grid, make_run(30))
    path, plot = tmp_path / "loss.svg", grid.plots["loss"]
    place = plot.geometry()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    plot.commands.svg.trigger()
    assert QSvgRenderer(str(path)).viewBox().width() > 600
    assert b">step<" in path.read_bytes()
    assert (plot.geometry(), plot.small) == (place, True)


@pytest.mark.parametrize("key", ["edit-success", "spectrum", "heat-map", "perplexity", "orthogonality"])
def test_every_kind_of_plot_exports_its_table(
    grid: PlotGrid, make_run: MakeRun, tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(grid, make_run(30))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "table"), ""))
    grid.fill(grid.plots[key])
    grid.plots[key].commands.csv.trigger()
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) > 5
    assert {len(row) for row in rows} == {len(rows[0])}


def test_an_export_that_cannot_be_written_says_so(
    grid: PlotGrid, make_run: MakeRun, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(grid, make_run(10))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "no" / "x.svg"), ""))
    with qtbot.waitSignal(grid.export_failed) as failed:
        grid.plots["loss"].commands.svg.trigger()
    assert failed.args is not None
    assert failed.args[0].startswith("x.svg could not be written: No such file")


@pytest.mark.parametrize("suffix", ["png", "svg", "csv"])
def test_a_disk_that_is_full_leaves_the_file_that_was_there(
    grid: PlotGrid,
    make_run: MakeRun,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    suffix: str,
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    show(grid, make_run(10))
    path = tmp_path / f"loss.{suffix}"
    path.write_text("what was there")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(os, "fsync", full)
    with qtbot.waitSignal(grid.export_failed):
        getattr(grid.plots["loss"].commands, suffix).trigger()
    assert path.read_text() == "what was there"
    assert [p for p in tmp_path.iterdir() if p.is_file()] == [path]


def test_a_plot_below_the_fold_exports_its_data(grid: PlotGrid, make_run: MakeRun) -> None:
    show(grid, make_run(30))
    plot = grid.plots["heat-map"]
    plot.commands.copy_picture()
    copied = QApplication.clipboard().image()
    middle = copied.pixelColor(copied.width() // 2, copied.height() // 2)
    assert middle.name() != DARK.plot
