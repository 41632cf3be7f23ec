"""The value search against the vectors, and what batches may not change."""

import pytest
import torch

from tests.editors.toy import Vectors, relative_difference, spec, toy_facts, toy_model
from workbench.editing.control import Control
from workbench.editors.located.settings import ValueSettings
from workbench.editors.located.values import search_values
from workbench.models.modules import select


def toy_settings(vectors: Vectors) -> ValueSettings:
    given = spec(vectors)["value_search"]
    return ValueSettings(
        steps=given["v_num_grad_steps"],
        rate=given["v_lr"],
        divergence=given["kl_factor"],
        decay=given["v_weight_decay"],
        clamp=given["clamp_norm_factor"],
    )


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 1e-3)])
@pytest.mark.parametrize(("place", "layer"), [("mlp", 1), ("block", 2)])
def test_values_meet_the_reference(
    vectors: Vectors, place: str, layer: int, dtype: torch.dtype, tolerance: float
) -> None:
    loaded = toy_model(vectors, dtype)
    (module,) = select(loaded.modules, f"out@{layer}")
    facts = toy_facts(vectors, loaded)
    found = search_values(loaded, module, facts, toy_settings(vectors), Control(), of_block=place == "block")
    worst = [0.0]
    for i in range(len(facts)):
        wanted = f"toy/value/{place}{layer}/fact{i}"
        worst.append(relative_difference(found.delta[i], vectors[f"{wanted}/delta"]))
        worst.append(relative_difference(found.before[i], vectors[f"{wanted}/value"]))
    assert max(worst) <= tolerance
