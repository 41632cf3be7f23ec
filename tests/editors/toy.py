"""The toy model of the editors' vectors as the workbench loads one: characters are tokens."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer, decoders, models
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerFast
from transformers.modeling_outputs import BaseModelOutput, CausalLMOutput

from workbench.editors.located.facts import LocatedFact, locate, plainly
from workbench.models.loaded import LoadedModel, as_loaded

Vectors = Mapping[str, npt.NDArray[Any]]


class ToyConfig(PretrainedConfig):
    model_type = "located-toy"
    num_hidden_layers = 4
    hidden_size = 16
    vocab_size = 64
    max_position_embeddings = 128


class Block(nn.Module):
    """Position t sees the mean of positions up to it."""

    def __init__(self) -> None:
        super().__init__()
        self.mix, self.out = nn.Linear(16, 24, bias=False), nn.Linear(24, 16, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        count = torch.arange(1, hidden.shape[1] + 1)[:, None]
        keys = torch.tanh(self.mix(hidden.cumsum(1) / count))
        moved: Tensor = self.out(keys)
        return hidden + moved


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(64, 16)
        self.layers = nn.ModuleList(Block() for _ in range(4))

    def forward(self, input_ids: Tensor, use_cache: bool = False) -> BaseModelOutput:
        del use_cache
        hidden = self.embed(input_ids)
        for block in self.layers:
            hidden = block(hidden)
        scale = (hidden.square().mean(-1, keepdim=True) + 1e-6).sqrt()
        return BaseModelOutput(last_hidden_state=hidden / scale)


class Toy(PreTrainedModel):
    config_class = ToyConfig
    base_model_prefix = "model"

    def __init__(self, config: ToyConfig) -> None:
        super().__init__(config)
        self.model: Decoder = Decoder()
        self.lm_head: nn.Linear = nn.Linear(16, 64, bias=False)
        self.post_init()  # type: ignore[no-untyped-call]

    def get_decoder(self) -> Decoder:
        return self.model

    def get_output_embeddings(self) -> nn.Linear:
        return self.lm_head

    def forward(self, input_ids: Tensor, use_cache: bool = False, cache: Any = None) -> CausalLMOutput:
        if use_cache or cache is not None:
            raise ValueError("The toy keeps no cache.")
        return CausalLMOutput(logits=self.lm_head(self.model(input_ids).last_hidden_state))


def toy_model(vectors: Vectors, dtype: torch.dtype) -> LoadedModel:
    model = Toy(ToyConfig()).double()

    def put(linear: nn.Module, name: str, k: int | None = None) -> None:
        found = torch.from_numpy(vectors[f"toy/{name}"])
        weight = linear.weight
        assert isinstance(weight, Tensor)
        with torch.no_grad():
            weight.copy_(found if name == "embed" else (found if k is None else found[k]).T)

    put(model.model.embed, "embed")
    put(model.lm_head, "head")
    for k, block in enumerate(model.model.layers):
        assert isinstance(block, Block)
        put(block.mix, "mix", k)
        put(block.out, "out", k)
    characters = {letter: i for i, letter in enumerate(spec(vectors)["chars"])}
    backend = Tokenizer(models.BPE(vocab=characters, merges=[]))
    backend.decoder = decoders.Fuse()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend)
    nn.Module.to(model, dtype)
    return as_loaded(model, tokenizer, "toy", "0" * 64)


def spec(vectors: Vectors) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(str(vectors["toy/spec"]))
    return found


def toy_facts(vectors: Vectors, loaded: LoadedModel) -> list[LocatedFact]:
    contexts = [context.removesuffix("{}") for context in spec(vectors)["contexts"][1:]]
    return [
        locate(
            loaded.tokenizer,
            prompt.format(subject),
            subject,
            contexts,
            plainly(loaded.tokenizer, subject, target, loaded.window),
        )
        for prompt, subject, target in spec(vectors)["facts"]
    ]


def relative_difference(got: Tensor, wanted: npt.NDArray[Any]) -> float:
    return float(np.linalg.norm(got.double().numpy() - wanted) / np.linalg.norm(wanted))
