"""A tiny model that was taught a few sentences, so that its scores are neither all 0 nor all 1."""

import pytest
import torch
from torch import Tensor, nn

from tests.tiny import tiny_model
from workbench.facts.fact import Fact, Probe
from workbench.models.forward import pad
from workbench.models.loaded import LoadedModel

TAUGHT = (
    "The capital of France is Paris.\n",
    "France's main city: Paris.\n",
    "Sue lives in St. Louis. She\n",
    "Grass is green.\n",
)

FACTS = (
    Fact(
        "The capital of France is",
        "Paris",
        old="Rome",
        rephrases=("France's main city:",),
        locality=(Probe("Grass is", "green"), Probe("Grass is", "blue"), Probe("Sue lives in")),
    ),
    Fact("Grass is", "purple", old="green", rephrases=("France's main city:",)),
    Fact("Sue lives in", "St. Louis", locality=(Probe("The capital of France"),)),
)


def embeddings(loaded: LoadedModel) -> Tensor:
    """(vocabulary, D), to be changed in place."""
    module = loaded.model.get_input_embeddings()
    assert isinstance(module, nn.Embedding)
    return module.weight.data


@pytest.fixture(scope="session")
def taught() -> LoadedModel:
    loaded = tiny_model(seed=1)
    rows = [loaded.tokenizer(text)["input_ids"] for text in TAUGHT]
    ids = pad(rows, "cpu")
    labels = pad(rows, "cpu", fill=-100)
    loaded.model.requires_grad_(True)
    optimiser = torch.optim.Adam(loaded.model.parameters(), lr=1e-2)
    for _ in range(120):
        optimiser.zero_grad()
        loaded.model(input_ids=ids, labels=labels).loss.backward()
        optimiser.step()
    loaded.model.requires_grad_(False)
    return loaded


@pytest.fixture(scope="session")
def tiny() -> LoadedModel:
    return tiny_model(seed=3)
