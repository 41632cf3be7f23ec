"""A newcomer's first start, through the window: ``python -m tests.benchmarks.first_result`` prints one JSON line.

An empty home with the starter model installed: the starter session's door, then *Warm up* and *Edit* as soon as each
can be pressed. All times are in seconds from the start of the process; ``of_two_minutes`` is the first step's over 120.
"""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable

import psutil

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def main() -> None:
    began = psutil.Process().create_time()
    home = tempfile.mkdtemp(prefix="workbench-benchmark-")
    names = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
    os.environ |= dict.fromkeys(names, home)
    result = _first_start(lambda: round(time.time() - began, 1))
    print(json.dumps({"cores": os.cpu_count()} | result), flush=True)
    shutil.rmtree(home, ignore_errors=True)
    os._exit(0)  # the run still goes on


def _first_start(now: Callable[[], float]) -> dict[str, object]:
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
    QTest.mouseClick(window.welcome.doors["starter"], Qt.MouseButton.LeftButton)
    bridge = window.desk.run.bridge
    for action, ready in (("warm-up", "loaded_s"), ("edit", "warmed_up_s")):
        walker.wait(lambda: not window.desk.run.activity, "the run before")
        walker.wait(window.actions_by_name[action].isEnabled, action)
        figures[ready] = now()
        walker.press(action)
    walker.wait(lambda: len(bridge.series), "the first step")
    figures["first_step_s"] = now()
    for name in ("success_before", "success"):
        figures[name] = round(float(bridge.series.values(name)[0]), 3)
    figures["of_two_minutes"] = round(now() / 120, 3)
    return figures


if __name__ == "__main__":
    main()
