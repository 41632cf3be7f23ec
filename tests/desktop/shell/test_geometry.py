"""The window at the sizes of common screens: all of it is there, whole, and nothing lies over anything else."""

from collections.abc import Iterator

from PySide6.QtWidgets import QApplication

from tests.desktop.geometry import faults
from tests.desktop.shell.walker import Walker
from workbench.desktop.main_window import MainWindow

SIZES = ((1_024, 700), (1_280, 800), (1_920, 1_080))
PANELS = (
    *(("model", name) for name in ("model", "method", "run")),
    *(("probe", name) for name in ("probe", "ledger", "compare", "log")),
)


def at_every_size(window: MainWindow) -> Iterator[str]:
    for size in SIZES:
        window.resize(*size)
        QApplication.processEvents()
        assert (window.width(), window.height()) == size
        yield "{} × {}".format(*size)


def in_every_panel(window: MainWindow) -> Iterator[str]:
    for size in at_every_size(window):
        for dock, panel in PANELS:
            window.docks[dock].show_panel(panel)
            QApplication.processEvents()
            yield f"{size}, {panel}"


def test_the_welcome_page_fits(window: MainWindow) -> None:
    window.show_welcome()
    assert [line for _ in at_every_size(window) for line in faults(window)] == []


def test_the_window_fits_before_and_after_a_run(walker: Walker) -> None:
    window = walker.window
    found = {f"{where}: typed": faults(window) for where in in_every_panel(window)}
    walker.press("warm-up")
    walker.wait_for_end()
    window.resize(*SIZES[1])
    walker.press("edit")
    walker.wait_for_end()
    window.resize(*SIZES[0])
    found |= {f"{where}: edited": faults(window) for where in in_every_panel(window)}
    assert {where: lines for where, lines in found.items() if lines} == {}
