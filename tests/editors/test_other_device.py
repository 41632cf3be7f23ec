"""The located editors on a device that is not the CPU, and in half precision."""

import pytest
import torch
from torch import Tensor

from tests.editing.test_second_device import at
from tests.editors.test_batches import inner
from tests.editors.tiny_facts import located
from tests.elsewhere import ELSEWHERE, second_device, waits
from tests.tiny import tiny_model
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.protection import text_keys
from workbench.editing.recipe import Recipe
from workbench.editors.located.covariance import covariance_precision, null_space
from workbench.editors.located.memit import memit_shifts
from workbench.editors.located.rome import rome_shift
from workbench.editors.located.settings import RomeSettings, ValueSettings

SETTINGS = ValueSettings(steps=3, clamp=10.0)
TEXTS = ["A text that a model reads, of which there are few.", "And another one with 12,345 in it."]


def edited_at(device: torch.device) -> dict[str, Tensor]:
    """AlphaEdit in two layers, then ROME in one."""
    loaded = at(device, tiny_model())
    modules = [inner(loaded, 0), inner(loaded, 1)]
    editor = Editor(loaded, modules, Recipe())
    keys = text_keys(loaded, modules, TEXTS, Control())
    precisions = {name: null_space(c, 0.5, relative=True).precision(1.0) for name, c in keys.items()}
    facts = located(loaded)
    step = memit_shifts(loaded, modules, facts, precisions, SETTINGS, editor.model.trying, Control())
    editor.apply(step.shifts)
    for name, seen in step.keys.items():
        precisions[name].remember(seen, 1.0)
    inverse = covariance_precision(keys[modules[1].name], 1.0).inverse
    rome = rome_shift(
        loaded, modules[1], facts, RomeSettings(steps=2), inverse, editor.model.trying, Control()
    )
    editor.apply({modules[1].name: rome.shift})
    return {name: moved.cpu() for name, moved in editor.model.delta().items()}


def test_edits_on_another_device_are_the_same() -> None:
    here = edited_at(torch.device("cpu"))
    with second_device():
        there = edited_at(ELSEWHERE)
    for name, moved in here.items():
        assert (there[name] - moved).norm() < 1e-3 * moved.norm()
    assert waits["mask"] == 0


@pytest.mark.parametrize("architecture", ["llama", "gemma3"])
def test_a_model_in_bfloat16_is_searched_in_float32(architecture: str) -> None:
    loaded = tiny_model(architecture, dtype=torch.bfloat16)
    modules = [inner(loaded, 0), inner(loaded, 1)]
    editor = Editor(loaded, modules, Recipe())
    keys = text_keys(loaded, modules, TEXTS, Control())
    precisions = {name: covariance_precision(c, 1.0) for name, c in keys.items()}
    step = memit_shifts(
        loaded, modules, located(loaded), precisions, SETTINGS, editor.model.trying, Control()
    )
    assert step.values.delta.dtype == torch.float32
    assert step.values.delta.norm() > 0
    assert all(shift.norm() > 0 for shift in step.shifts.values())
