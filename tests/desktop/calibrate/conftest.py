"""A calibration as it would be found, without a model."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from workbench.desktop.theme import Theme
from workbench.editing.recipe import Recipe
from workbench.studies.calibration import Calibration, CalibrationSettings, HeldOut, Point
from workbench.studies.front import best, front, hypervolume

DOWN = "model.layers.{{{}..{}}}.mlp.down_proj"


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    made = Theme(qapp, "dark")
    yield made
    made.deleteLater()


def made_up(count: int = 40) -> Calibration:
    """A cloud of points under a front, the preset on it, the person's settings behind it."""
    points = [
        _point(0, "SmolLM2-135M", "preset", 0.57, 0.55, 1.04),
        _point(1, "Your settings", "choice", 0.5, 0.38, 1.11),
    ]
    for i in range(2, count):
        success = 0.05 + 0.85 * ((i * 37) % 41) / 41
        ratio = 1 + 0.22 * success**2 + 0.01 * ((i * 17) % 13)
        points.append(
            _point(i, f"Trial {i - 1}", "search", success, 1 - 0.8 * success - 0.01 * (i % 7), ratio)
        )
    points.append(Point("Trial 99", "search", Recipe(), float("nan"), 0.1, 400.0, 4.0, 2.0, (), "Given up."))
    whole = [p.outcome for p in points[:-1]]
    on_front = front(whole)
    chosen = best(whole, on_front)
    assert chosen is not None
    return Calibration(
        model="starter",
        sha256="0" * 64,
        settings=CalibrationSettings(),
        grid=False,
        split={"statistics": 600, "edits": 200, "held_out": 200, "left_out": 0},
        borrowed_probes=False,
        unedited_success=0.07,
        unedited_perplexity=54.0,
        points=tuple(points),
        front=on_front,
        chosen=chosen,
        hypervolume=hypervolume(whole),
        held_out=(HeldOut(chosen, 0.58, 0.11, 0.6, 56.0, 1.03),),
        seconds=600.0,
        stopped=False,
    )


def _point(i: int, title: str, kind: str, success: float, kept: float, ratio: float) -> Point:
    recipe = Recipe(
        modules=DOWN.format(14 + i % 6, 22 + i % 5), step_size=1e-4 * (1 + i % 9), protection=100.0 * (i % 4)
    )
    return Point(title, kind, recipe, success, max(0.05, kept), 54 * ratio, ratio, 5.0, (1.0,))


@pytest.fixture
def calibration() -> Calibration:
    return made_up()
