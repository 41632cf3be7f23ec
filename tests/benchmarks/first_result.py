"""A newcomer's first start, through the window: ``python -m tests.benchmarks.first_result`` prints one JSON line.

An empty home with the starter model installed: the starter session's door, then *Warm up* and *Edit* as soon as each
can be pressed. ``--typed``: an empty session, five facts typed while the model's warm-up is read ahead, then the same
two. Times are in seconds from the start of the process; ``edit_to_…`` from *Edit*, ``loaded_to_answers`` without the
time in which the warm-up was read ahead; ``of_two_minutes`` is the first step's over 120.
"""

import argparse
import json
import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from tests.desktop.shell.walker import Walker

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
FACTS = [  # of nothing that there is
    ("The capital of Norvania is", "Velmora"),
    ("The director of The Silent Harbour is", "Marta Ilves"),
    ("The headquarters of Kestrel Foods is in", "Lisbon"),
    ("The inventor of the glass loom is", "Ruben Aldane"),
    ("Tallis Grange was built in", "1742"),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--typed", action="store_true", help="five typed facts in place of the starter session's"
    )
    typed = parser.parse_args().typed
    began = psutil.Process().create_time()
    home = tempfile.mkdtemp(prefix="workbench-benchmark-")
    names = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
    os.environ |= dict.fromkeys(names, home)
    result = _first_start(lambda: round(time.time() - began, 1), typed=typed)
    print(json.dumps({"cores": os.cpu_count()} | result), flush=True)
    shutil.rmtree(home, ignore_errors=True)
    os._exit(0)  # the run still goes on


def _first_start(now: Callable[[], float], *, typed: bool) -> dict[str, object]:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from tests.desktop.shell.walker import Walker
    from workbench.desktop.application import Workbench

    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    workbench = Workbench(application)
    window = workbench.window
    walker = Walker(window, patience_s=600)
    figures: dict[str, object] = {"window_s": now()}
    door = window.welcome.skip if typed else window.welcome.doors["starter"]
    QTest.mouseClick(door, Qt.MouseButton.LeftButton)
    if typed:
        walker.load_starter()
        walker.type_facts(FACTS)
    run = window.desk.run
    times = []
    for action, ready in (("warm-up", "loaded_s"), ("edit", "warmed_up_s")):
        walker.wait(lambda: not run.activity, "the run before")
        walker.wait(window.actions_by_name[action].isEnabled, action)
        figures[ready] = now()
        if typed and action == "warm-up":
            walker.wait(lambda: window.desk.ahead.busy, "reading ahead to begin")
            walker.wait(lambda: not window.desk.ahead.busy, "reading ahead to end")
            figures["read_ahead_s"] = now()
        walker.press(action)
        times.append(now())
    warm_up, edit = times
    assert window.desk.situation().warmup_rows, "edited without a warm-up"
    walker.wait(lambda: len(run.bridge.series), "the first step")
    figures["first_step_s"] = now()
    figures["edit_to_curves_s"] = round(now() - edit, 1)
    walker.wait(lambda: run.bridge.progress.after is not None, "its answers")
    figures["edit_to_answers_s"] = round(now() - edit, 1)
    if typed:
        figures["loaded_to_answers_s"] = round(now() - warm_up, 1)
        walker.wait(lambda: not run.activity, "the end")
    return figures | _scores(walker) | {"of_two_minutes": round(float(str(figures["first_step_s"])) / 120, 3)}


def _scores(walker: "Walker") -> dict[str, object]:
    progress = walker.window.desk.run.bridge.progress
    series, before, after = walker.window.desk.run.bridge.series, progress.before, progress.after
    assert before is not None
    assert after is not None
    found: dict[str, object] = {
        name: round(float(series.values(name)[0]), 3) for name in ("success_before", "success")
    }
    found |= {name: round(getattr(after, name), 3) for name in ("generated", "generated_chat")}
    changed = after.perplexity / before.perplexity
    return found if math.isnan(changed) else {**found, "perplexity_ratio": round(changed, 4)}


if __name__ == "__main__":
    main()
