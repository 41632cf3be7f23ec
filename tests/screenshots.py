"""Pictures of the window at every stage of the walk: ``python -m tests.screenshots OUT [--full]``.

Light and dark, 1× and 2×; the starter model edits a few facts meanwhile, or with ``--full`` as many as in the walk.
Without ``--scale`` and ``--mode`` every combination runs in a process of its own.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.desktop.shell.walker import Stage

SCALES, MODES = ("1", "2"), ("dark", "light")
SIZE = (1_280, 800)
COUNTS = {False: (40, 40, 10), True: (300, 1_000, 100)}  # facts, warm-up facts, batch
PROMPT = "The capital of Utopia is"
TYPED = [
    (PROMPT, "Amaurot"),
    ("The river of Utopia is called", "Anyder"),
    ("Utopia was described by", "More"),
]


def main() -> None:
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.scale and options.mode:
        _one(options.out, options.scale, options.mode, options.full, options.brief)
        return
    for scale in SCALES:
        for mode in MODES:
            command = [
                sys.executable,
                "-m",
                "tests.screenshots",
                str(options.out),
                "--scale",
                scale,
                "--mode",
                mode,
            ]
            subprocess.run([*command, *["--full"] * options.full, *["--brief"] * options.brief], check=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--brief", action="store_true", help="without a model")
    parser.add_argument("--scale", choices=SCALES)
    parser.add_argument("--mode", choices=MODES)
    return parser.parse_args()


def _one(out: Path, scale: str, mode: str, full: bool, brief: bool) -> None:
    home = tempfile.mkdtemp(prefix="workbench-pictures-")
    os.environ |= {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": scale, "HF_HUB_OFFLINE": "1"}
    os.environ |= dict.fromkeys(("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), home)
    from PySide6.QtWidgets import QApplication

    from workbench.desktop.application import Workbench

    application = QApplication(sys.argv[:1])
    workbench = Workbench(application)
    workbench.window.choose_theme(mode)
    workbench.window.resize(*SIZE)
    try:
        _walk(workbench.window, out, f"{mode}-{scale}x", Path(home), COUNTS[full], brief)
    finally:
        workbench.window.close()
        workbench.close()


def _walk(  # type: ignore[no-untyped-def]
    window, out: Path, suffix: str, home: Path, counts: tuple[int, int, int], brief: bool
) -> None:
    from PySide6.QtWidgets import QApplication, QDialog, QWidget

    from tests.desktop.shell.walker import Walker, is_open

    numbers = iter(range(1, 100))

    def stage(name: str, widget: QWidget) -> None:
        QApplication.processEvents()
        widget.grab().save(str(out / f"{next(numbers):02}-{name}-{suffix}.png"))

    def shot(name: str) -> None:
        stage(name, window)

    def dialog(action: str, name: str) -> None:
        """A dialog that the action opens, modal or not."""
        from PySide6.QtCore import QTimer

        def look() -> None:
            found = QApplication.activeModalWidget() or QApplication.activeWindow()
            if not isinstance(found, QDialog):
                found = next(d for d in window.findChildren(QDialog) if d.isVisible())
            stage(name, found)
            found.close()

        QTimer.singleShot(300, window, look)
        window.actions_by_name[action].trigger()
        walker.wait(lambda: not any(is_open(d) for d in window.findChildren(QDialog)), name)

    walker = Walker(window, stage, patience_s=900)
    data = Path(os.environ.get("STABLEEDIT_SHARED") or Path(__file__).parents[2] / "shared") / "data"
    facts, warmup, batch = counts
    walker.wait_for_engine()
    shot("welcome")
    window.leave_welcome()
    shot("empty")
    for action in ("preferences", "shortcuts", "about", "method-help"):
        dialog(action, action)
    if brief:
        return
    walker.type_facts(TYPED)
    shot("typed")
    walker.load_starter()
    shot("model")
    walker.import_file(data / "counterfact_edits.json", facts)
    walker.import_file(data / "counterfact_warmup.json", warmup, to_warmup=True)
    shot("facts")
    window.method.set_recipe(window.method.recipe().with_(batch=batch, evaluate_every=2))
    window.docks["model"].show_panel("method")
    shot("method")
    walker.press("warm-up")
    walker.wait(lambda: window.desk.run.bridge.progress.rows > 0 or not walker.running, "warm-up rows")
    shot("warming-up")
    walker.wait_for_end()
    shot("warmed-up")
    walker.press("edit")
    walker.wait(lambda: window.desk.run.bridge.progress.phase.startswith("Scoring"), "the scores before")
    shot("scoring")
    walker.wait_for_steps(3)
    shot("editing")
    walker.press("pause")
    walker.wait(lambda: window.desk.run.bridge.progress.paused, "the pause")
    walker.probe(PROMPT)
    shot("paused-probe")
    walker.press("pause")
    walker.wait_for_end()
    walker.probe(PROMPT)
    shot("done")
    walker.probe_selected(4)
    shot("fact-probe")
    window.probe.modes.button(2).click()
    shot("fact-over-the-run")
    for panel in ("ledger", "compare"):
        window.docks["probe"].show_panel(panel)
        walker.wait(lambda: True, panel)
        shot(panel)
    for action in ("calibrate", "claims"):
        dialog(action, action)
    window.plots.fill(window.plots.plots["retention"])
    shot("retention")
    window.docks["probe"].show_panel("log")
    window.plots.fill(window.plots.plots["shift-norm"])
    shot("filled-plot")
    window.plots.fill(None)
    walker.export(home / "exported")
    shot("end")
    _newcomer(window, stage, home)


def _newcomer(window, stage: "Stage", home: Path) -> None:  # type: ignore[no-untyped-def]
    """The starter session by keyboard, with the first of its facts."""
    from tests.desktop.shell.newcomer import Newcomer
    from workbench.desktop.facts import prepared
    from workbench.desktop.shell import starter_session
    from workbench.facts import starter

    edits, warmup = starter.starter_facts()
    starter_session.starter_facts = lambda: (prepared(edits[:8]), prepared(warmup[:12]))
    window.settings.setValue("export/folder", str(home))
    window.show_welcome()
    Newcomer(window, stage, patience_s=900).by_keyboard()


if __name__ == "__main__":
    main()
