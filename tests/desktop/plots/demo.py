"""Pictures of the plots with made-up events: ``python -m tests.desktop.plots.demo OUT [scale]``."""

import os
import sys
from pathlib import Path

SCALE = sys.argv[2] if len(sys.argv) > 2 else "1"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["QT_SCALE_FACTOR"] = SCALE

from PySide6.QtWidgets import QApplication  # noqa: E402

from tests.desktop.plots.made_up import run_events  # noqa: E402
from workbench.desktop.plots import PlotGrid  # noqa: E402
from workbench.desktop.series import RunSeries  # noqa: E402
from workbench.desktop.theme import Theme  # noqa: E402


def run_of(name: str, steps: int, modules: int, seed: int = 0, every: int = 5) -> RunSeries:
    run = RunSeries(name)
    for event in run_events(steps, modules, seed=seed, evaluate_every=every):
        run.add(event)
    return run


def save(grid: PlotGrid, out: Path, name: str) -> None:
    grid.refresh()
    QApplication.processEvents()
    grid.grab().save(str(out / f"{name}-{SCALE}x.png"))


def draw(grid: PlotGrid, out: Path, theme: str) -> None:
    few, many, ablation = (
        run_of("", 30, 4),
        run_of("", 2_000, 16, every=100),
        run_of("Ablation", 24, 4, seed=7),
    )
    grid.resize(700, 560)
    grid.set_runs(RunSeries())
    save(grid, out, f"{theme}-empty")
    grid.set_runs(few)
    save(grid, out, f"{theme}-few")
    grid.verticalScrollBar().setValue(10_000)
    save(grid, out, f"{theme}-few-below")
    grid.verticalScrollBar().setValue(0)
    grid.plots["shift-norm"].set_cursor(12, announce=True)
    save(grid, out, f"{theme}-few-cursor")
    grid.plots["shift-norm"].set_cursor(None, announce=True)
    grid.set_runs(few, [ablation])
    save(grid, out, f"{theme}-overlay")
    grid.set_runs(many)
    save(grid, out, f"{theme}-many")
    grid.resize(1_400, 800)
    save(grid, out, f"{theme}-wide")
    grid.resize(700, 560)
    for key in ("shift-norm", "heat-map", "spectrum"):
        grid.fill(grid.plots[key])
        grid.plots[key].set_cursor(1_200, announce=True)
        save(grid, out, f"{theme}-fill-{key}")
        grid.fill(None)


def main() -> None:
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    application = QApplication.instance() or QApplication(sys.argv)
    assert isinstance(application, QApplication)
    theme = Theme(application, "dark")
    grid = PlotGrid()
    grid.show()
    for mode in ("dark", "light"):
        theme.set_mode(mode)
        draw(grid, out, mode)


if __name__ == "__main__":
    main()
