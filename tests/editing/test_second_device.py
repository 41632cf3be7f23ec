"""What is on the model's device and what stays on the CPU is never mixed."""

import torch
from torch import Tensor, nn

from tests.benchmarks.stepping import Bench, recipes
from tests.elsewhere import ELSEWHERE, second_device, waits
from tests.tiny import INNER, tiny_model
from workbench.models.loaded import as_loaded


def edited_at(device: torch.device) -> dict[str, Tensor]:
    """By two passes at the subject and one at the answer, with protection, memory and a budget."""
    recipe = recipes()["stableedit-memory"].with_(
        batch=6, minibatch=6, passes=3, positions="subject then answer", step_size=3e-3
    )
    tiny = tiny_model()
    nn.Module.to(tiny.model, device)
    loaded = as_loaded(tiny.model, tiny.tokenizer, tiny.source, tiny.sha256)
    bench = Bench(loaded, [m for m in loaded.modules if m.d_in == INNER and m.layer], recipe)
    bench.warm_up(2)
    bench.step(*bench.chunk())
    return {name: moved.cpu() for name, moved in bench.editor.moved().items()}


def test_a_step_on_another_device_is_the_same_and_never_waits_for_a_mask() -> None:
    here = edited_at(torch.device("cpu"))
    with second_device():
        there = edited_at(ELSEWHERE)
    for name, moved in here.items():
        assert (there[name] - moved).norm() < 1e-4 * moved.norm()
    assert waits["mask"] == 0
