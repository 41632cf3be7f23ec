import pytest
import torch

from tests.tiny import ARCHITECTURES, tiny_config, tiny_model
from workbench.errors import ModelLoadError
from workbench.models.devices import choose_device, choose_dtype, cpu_has_bf16
from workbench.models.memory import estimate, free_memory, require_memory
from workbench.models.modules import select
from workbench.models.outline import outline_of


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_outline_without_weights_equals_the_loaded_model(architecture: str) -> None:
    loaded, outline = tiny_model(architecture), outline_of(tiny_config(architecture))
    assert outline.modules == loaded.modules
    assert (outline.parameters, outline.architecture) == (loaded.parameters, loaded.architecture)
    assert estimate(outline, torch.bfloat16).total == 2 * loaded.parameters


def test_edits_add_masters_statistics_and_preconditioners() -> None:
    outline = outline_of(tiny_config("llama"))
    edited = select(outline.modules, "model.layers.{1..2}.mlp.down_proj")
    plain = estimate(outline, torch.float32, edited)
    kept = estimate(outline, torch.float32, edited, preconditioned=True)
    assert plain.masters == 2 * 4 * 48 * 32
    assert plain.statistics == 2 * 8 * (32 * 32 + 2 * (48 + 32))
    assert plain.preconditioners == 0
    assert kept.preconditioners == 2 * 4 * 48 * 48
    assert kept.total - plain.total == kept.preconditioners
    deeper = estimate(outline, torch.float32, select(outline.modules, "mlp.down_proj@0"))
    shallow = estimate(outline, torch.float32, select(outline.modules, "mlp.down_proj@2"))
    assert deeper.activations > shallow.activations


def test_what_does_not_fit_is_refused_with_every_part() -> None:
    cpu = torch.device("cpu")
    outline = outline_of(tiny_config("llama"))
    needed = estimate(outline, torch.float32, outline.modules)
    require_memory(needed, cpu)
    huge = type(needed)(weights=free_memory(cpu) + (8 << 30), masters=1 << 30)
    with pytest.raises(
        ModelLoadError, match=r"GiB \(weights [\d.]+, master copies 1\.00\) and [\d.]+ GiB are free"
    ):
        require_memory(huge, cpu)


def test_automatic_choices_suit_this_machine() -> None:
    device = choose_device("auto")
    assert device.type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert choose_dtype("auto", torch.device("cpu")) is torch.float32
    assert choose_dtype("bfloat16", torch.device("cpu")) is torch.bfloat16
    assert isinstance(cpu_has_bf16(), bool)
