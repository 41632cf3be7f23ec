"""The window's figures, one JSON line: ``python -m tests.benchmarks.window [PART…]``.

Parts (all of them without a name): ``start``, ``gaps``, ``plots``, ``facts``, ``runs``.

``start``: seconds until the first window is drawn, against importing PySide6 and pyqtgraph alone; medians.
``gaps``: how long the event loop stood still while the starter was edited, in ms. ``plots`` and ``facts``: see the
benchmarks of those names. ``runs``: 200 runs of a tiny model started and stopped, threads and memory before and after.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

STARTS, RUNS, SETTLED = 5, 200, 20
FACTS, WARMUP, BATCH = 60, 20, 20
BARE = "import time; t = time.perf_counter(); import PySide6.QtWidgets, pyqtgraph; print(time.perf_counter() - t)"
FIRST_WINDOW = """
import time; began = time.perf_counter()
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from workbench.desktop.application import Workbench
application = QApplication([])
workbench = Workbench(application)
application.processEvents()
workbench.window.repaint()
print(time.perf_counter() - began, "torch" in sys.modules, flush=True)
import os; os._exit(0)
"""


def start() -> dict[str, object]:
    bare = [float(_python(BARE)[0]) for _ in range(STARTS)]
    windows = [_python(FIRST_WINDOW) for _ in range(STARTS)]
    return {
        "import_s": round(statistics.median(bare), 3),
        "first_window_s": round(statistics.median(float(w[0]) for w in windows), 3),
        "limit_s": round(1.5 * statistics.median(bare) + 0.5, 3),
        "torch_imported": any(w[1] == "True" for w in windows),
    }


def _python(code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=_fresh_home()
    )
    return done.stdout.split()


def _fresh_home() -> dict[str, str]:
    home = tempfile.mkdtemp(prefix="workbench-benchmark-")
    return os.environ | dict.fromkeys(("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), home)


def gaps() -> dict[str, object]:
    """A timer that should come every 5 ms; what is longer between two is a gap."""
    import numpy as np
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtWidgets import QApplication

    os.environ |= _fresh_home()
    from tests.desktop.waiting import events_until
    from workbench.desktop.application import Workbench
    from workbench.desktop.facts import prepared
    from workbench.facts.fact import Fact
    from workbench.models.loading import load

    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    workbench = Workbench(application)
    window = workbench.window
    events_until(lambda: window.desk.engine_ready)
    window.leave_welcome()
    window.desk.set_model(load("starter"))
    for held, number in ((window.facts.facts, FACTS), (window.facts.warmup, WARMUP)):
        window.facts.history.add(
            held, prepared(Fact(f"The number {i} of Utopia is", f"the {i}th") for i in range(number))
        )
    window.method.set_recipe(window.method.recipe().with_(batch=BATCH, warmup_facts=WARMUP))
    taken: list[float] = []
    timer = QTimer(interval=5, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: taken.append(time.perf_counter()))
    figures: dict[str, object] = {}
    for name, action in (("warmup", "warm-up"), ("edit", "edit")):
        taken.clear()
        timer.start()
        events_until(window.actions_by_name[action].isEnabled)
        window.actions_by_name[action].trigger()
        events_until(lambda: bool(window.desk.run.activity))
        events_until(lambda: not window.desk.run.activity)
        timer.stop()
        between = np.diff(taken) * 1e3
        figures[f"{name}_gap_p99_ms"] = round(float(np.percentile(between, 99)), 1)
        figures[f"{name}_gap_max_ms"] = round(float(between.max()), 1)
    figures["edit_s"] = round(taken[-1] - taken[0], 1)
    window.close()
    workbench.close()
    return figures


def runs() -> dict[str, object]:
    import threading
    from functools import partial

    import psutil

    from tests.tiny import tiny_model
    from workbench.editing.events import Event
    from workbench.editing.job import Job
    from workbench.editing.recipe import Recipe
    from workbench.facts.fact import Fact
    from workbench.models.modules import select
    from workbench.runner.bench import Bench, Order
    from workbench.runner.control import GatedControl
    from workbench.runner.events import JobEnded, RunBegan
    from workbench.runner.runner import Runner
    from workbench.session.folder import Session

    bench = Bench()
    bench.set_model(tiny_model())
    assert bench.loaded is not None
    runner, process = Runner(bench), psutil.Process()
    facts = tuple(Fact(f"fact {i}", f"t{i}") for i in range(20))
    modules = select(bench.loaded.modules, "mlp.down_proj@1-2")
    recipe = Recipe(batch=2, minibatch=2)

    def work(order: Order, control: GatedControl) -> Iterator[Event | RunBegan]:
        yield from bench.run(order, control)

    with tempfile.TemporaryDirectory() as folder, Session.create(Path(folder, "runs.stableedit")) as session:
        order = Order(session, Job(facts, (), (), ("Some text.",)), recipe, modules, "benchmark", afresh=True)
        memory, threads = 0, 0
        for i in range(RUNS):
            runner.start(partial(work, order))
            while not isinstance(event := runner.events.get(), JobEnded):
                if type(event).__name__ == "StepApplied":
                    runner.stop()
            runner.join()
            if i == SETTLED:
                memory, threads = process.memory_info().rss, threading.active_count()
        return {
            "runs": RUNS,
            "runs_memory_ratio": round(process.memory_info().rss / memory, 4),
            "runs_threads_left": threading.active_count() - threads,
        }


def _module(name: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{name}"], check=True, capture_output=True, text=True
    )
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


PARTS: dict[str, Callable[[], dict[str, object]]] = {
    "start": start,
    "plots": lambda: {"plots": _module("plots")},
    "facts": lambda: {"facts": _module("facts_table")},
    "runs": runs,
    "gaps": gaps,
}


def main() -> None:
    result: dict[str, object] = {"cores": os.cpu_count()}
    for name in sys.argv[1:] or PARTS:
        result |= PARTS[name]()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
