"""The facts table with a million facts, and the import of 100,000 CSV rows; prints one JSON line.

``python -m tests.benchmarks.facts_table [FACTS]``. ``filter_ms``: the slowest of several filters typed anew, view
included. ``sort_s``: the slowest column. ``scroll_frame_ms``: 95th percentile of a scroll step and its repaint.
``rss_gb``: resident memory of the process with all of them. ``csv_100k_s``: from Next to the wizard's result, with
the longest time that the event loop stood still meanwhile.
"""

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import psutil
from PySide6.QtCore import QEventLoop, QSettings, Qt, QTimer
from PySide6.QtWidgets import QApplication

from workbench.desktop.facts import FactsPanel, prepared
from workbench.desktop.facts.importing.wizard import ImportWizard
from workbench.desktop.facts.store.batch import together
from workbench.desktop.facts.store.columns import COLUMNS
from workbench.desktop.theme import Theme
from workbench.facts import Fact, Probe, write_csv

SYLLABLES = [
    "ba",
    "ko",
    "ri",
    "ne",
    "tu",
    "sha",
    "lo",
    "mi",
    "ven",
    "dra",
    "qui",
    "sel",
    "por",
    "tan",
    "gre",
    "al",
]
TEMPLATES = (
    "The mother tongue of {} is",
    "The capital of {} is",
    "{} works in the field of",
    "The official religion of {} is",
    "{} was created by",
    "Who is the author of {}?",
)
FILTERS = ("e", "the", "mother tongue", "shalo", "works bako", "said", "no such words", "f")
TURNS = 300  # scroll steps
ROWS = 100_000  # of the CSV


def made_up(number: int, seed: int) -> Iterator[Fact]:
    chance = random.Random(seed)

    def name() -> str:
        return "".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))).title()

    for _ in range(number):
        subject = f"{name()} {name()}"
        prompt = chance.choice(TEMPLATES).format(subject)
        elsewhere = Probe(chance.choice(TEMPLATES).format(name()), name())
        yield Fact(prompt, name(), subject, name(), (f"{name()}. {prompt}",), (elsewhere,))


def milliseconds(work: Callable[[], object], application: QApplication) -> float:
    """Including the repaint."""
    start = time.perf_counter()
    work()
    application.processEvents()
    return (time.perf_counter() - start) * 1e3


def table_figures(panel: FactsPanel, application: QApplication) -> dict[str, float]:
    page = panel.facts_page
    filters = []
    for text in FILTERS:
        page.filter_bar.field.clear()
        page.filter_bar._pause.stop()
        page.filter_bar._tell()
        page.filter_bar.field.setText(text)
        page.filter_bar._pause.stop()
        filters.append(milliseconds(page.filter_bar._tell, application))
    page.filter_bar.clear()
    sorts = []
    for column in range(len(COLUMNS)):
        for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
            sorts.append(milliseconds(partial(page.table.sortByColumn, column, order), application))
    bar = page.table.verticalScrollBar()
    frames = [
        milliseconds(partial(bar.setValue, at), application)
        for at in np.linspace(0, bar.maximum(), TURNS).astype(int).tolist()
    ]
    return {
        "filter_ms": round(max(filters), 1),
        "sort_s": round(max(sorts) / 1e3, 3),
        "scroll_frame_ms": round(float(np.percentile(frames, 95)), 2),
    }


def import_figures(folder: Path) -> dict[str, float]:
    """Drives the wizard with a timer that should come every 5 ms."""
    path = folder / "facts.csv"
    write_csv(path, made_up(ROWS, seed=2))
    panel = FactsPanel(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
    wizard = ImportWizard(panel.facts, panel.warmup, panel.settings, path)
    wizard.show()
    ticks: list[float] = []
    beat = QTimer(interval=5, timerType=Qt.TimerType.PreciseTimer)
    beat.timeout.connect(lambda: ticks.append(time.perf_counter()))
    loop = QEventLoop()
    wizard.reading_page.completeChanged.connect(loop.quit)
    beat.start()
    start = time.perf_counter()
    wizard.next()
    loop.exec()
    seconds = time.perf_counter() - start
    wizard.next()
    QApplication.processEvents()
    wizard.accept()
    applied = time.perf_counter()
    wizard.apply(panel.history)
    QApplication.processEvents()
    added = time.perf_counter() - applied
    assert len(panel.facts) > 0.9 * ROWS
    gap = max(np.diff([start, *ticks]))
    return {
        "csv_100k_s": round(seconds + added, 3),
        "csv_largest_gap_ms": round(float(gap) * 1e3, 1),
        "csv_add_ms": round(added * 1e3, 1),
    }


def main(number: int) -> None:
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    Theme(application, "dark")
    with tempfile.TemporaryDirectory() as folder:
        imported = import_figures(Path(folder))
        panel = FactsPanel(QSettings(str(Path(folder) / "x.ini"), QSettings.Format.IniFormat))
        panel.resize(700, 900)
        panel.show()
        facts = made_up(number, seed=1)
        sizes = [min(10_000, number - at) for at in range(0, number, 10_000)]
        panel.facts.append(together(prepared(next(facts) for _ in range(size)) for size in sizes))
        application.processEvents()
        figures = table_figures(panel, application)
    memory = psutil.Process().memory_info().rss / 1e9
    print(json.dumps({"facts": number, **figures, "rss_gb": round(memory, 3), **imported}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
