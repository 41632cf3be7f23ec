"""Plots of a long run: ``python -m tests.benchmarks.plots [UPDATES]`` prints one JSON line.

``refresh_ms``: one new step on top of 20,000 with 16 modules, all visible plots drawn and painted; wall time, and
processor time, which tells a slow plot from a busy machine.
``memory_ratio``: resident memory after ``UPDATES`` (10,000) updates of a growing run, over that after the first 500.
"""

import dataclasses
import json
import os
import sys
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import psutil
from PySide6.QtWidgets import QApplication

from tests.desktop.plots.made_up import evaluated, module_names, step_event
from workbench.desktop.plots import PlotGrid
from workbench.desktop.series import RunSeries
from workbench.desktop.theme import Theme
from workbench.editing.events import StepApplied

STEPS, MODULES, REPEATS, BATCH, SETTLED = 20_000, 16, 100, 100, 500
VARIANTS = 97  # different steps that the long runs repeat; making each anew would take minutes


class Feed:
    """Steps numbered on and on."""

    def __init__(self, modules: int) -> None:
        random, names = np.random.default_rng(0), module_names(modules)
        settled = range(200, 200 + VARIANTS)  # once the cosines have come down
        self._steps: list[StepApplied] = [step_event(random, step, names) for step in settled]
        self.run = RunSeries("benchmark")
        self._next = 1

    def advance(self, steps: int = 1) -> None:
        for _ in range(steps):
            like = self._steps[self._next % VARIANTS]
            self.run.add(dataclasses.replace(like, step=self._next, facts_done=self._next * BATCH))
            if self._next % 100 == 0:
                self.run.add(evaluated(self._next))
            self._next += 1


def update(grid: PlotGrid, feed: Feed) -> float:
    """Milliseconds from a new step to painted plots."""
    feed.advance()
    started = time.perf_counter()
    grid.refresh()
    QApplication.processEvents()
    return (time.perf_counter() - started) * 1e3


def items(grid: PlotGrid) -> int:
    return sum(len(plot.canvas.scene().items()) for plot in grid.plots.values())


def refresh_times(grid: PlotGrid) -> dict[str, float]:
    feed = Feed(MODULES)
    feed.advance(STEPS)
    grid.set_runs(feed.run)
    for _ in range(5):
        update(grid, feed)
    busy = time.process_time()
    taken = [update(grid, feed) for _ in range(REPEATS)]
    busy = (time.process_time() - busy) * 1e3 / REPEATS
    figures = {"median": np.median(taken), "p99": np.percentile(taken, 99), "processor_mean": busy}
    return {name: round(float(figure), 2) for name, figure in figures.items()}


def growth(grid: PlotGrid, updates: int) -> tuple[float, int, int]:
    """Ratio of resident memory, and items on all canvases before and after."""
    feed, process = Feed(4), psutil.Process()
    grid.set_runs(feed.run)
    for _ in range(SETTLED):
        update(grid, feed)
    memory, before = process.memory_info().rss, items(grid)
    for _ in range(updates):
        update(grid, feed)
    return process.memory_info().rss / memory, before, items(grid)


def main() -> None:
    application = QApplication(sys.argv)
    Theme(application, "dark")
    grid = PlotGrid()
    grid.resize(700, 560)
    grid.show()
    updates = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    refresh = refresh_times(grid)
    ratio, before, after = growth(grid, updates)
    result = {
        "steps": STEPS,
        "modules": MODULES,
        "refresh_ms": refresh,
        "updates": updates,
        "memory_ratio": round(ratio, 4),
        "items_before": before,
        "items_after": after,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
