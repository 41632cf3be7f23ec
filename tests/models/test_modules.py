from contextlib import suppress
from fnmatch import fnmatchcase

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from transformers import AutoModelForCausalLM, Gemma3Config

from tests.tiny import ARCHITECTURES, HIDDEN, INNER, LAYERS, tiny_model
from workbench.errors import ModelLoadError, SettingError
from workbench.models.modules import EditableModule, as_pattern, editable_modules, module_of, select

DOWN = {
    "gpt2": "mlp.c_proj",
    "gptj": "mlp.fc_out",
    "gpt_neox": "mlp.dense_4h_to_h",
    "opt": "fc2",
}


def grid(layers: int = 30) -> tuple[EditableModule, ...]:
    shapes = {"self_attn.q_proj": (576, 576), "mlp.up_proj": (576, 1536), "mlp.down_proj": (1536, 576)}
    return tuple(
        EditableModule(f"model.layers.{layer}.{projection}", layer, projection, *shape)
        for layer in range(layers)
        for projection, shape in shapes.items()
    )


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_linear_map_of_the_blocks_is_found_with_its_direction(architecture: str) -> None:
    loaded = tiny_model(architecture)
    assert {m.layer for m in loaded.modules} == set(range(LAYERS))
    down = [m for m in loaded.modules if m.projection == DOWN.get(architecture, "mlp.down_proj")]
    assert len(down) == LAYERS
    assert {(m.d_in, m.d_out) for m in down} == {(INNER, HIDDEN)}
    for m in loaded.modules:
        live = module_of(loaded.model, m)
        assert live(torch.zeros(2, m.d_in)).shape == (2, m.d_out)
        assert m.transposed == (live.weight.shape == (m.d_in, m.d_out) and architecture == "gpt2")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_output_head_is_never_editable(architecture: str) -> None:
    loaded = tiny_model(architecture)
    head = loaded.model.get_output_embeddings()
    assert all(module_of(loaded.model, m) is not head for m in loaded.modules)


def test_a_vision_tower_as_deep_as_the_text_is_left_alone() -> None:
    shape = {"num_hidden_layers": 2, "hidden_size": 32, "intermediate_size": 256, "num_attention_heads": 4}
    vision = {**shape, "intermediate_size": 64, "image_size": 28, "patch_size": 14}
    text = {**shape, "intermediate_size": 48, "num_key_value_heads": 2, "head_dim": 8, "vocab_size": 300}
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(Gemma3Config(text_config=text, vision_config=vision))
    assert {m.name.rpartition(".layers.")[0] for m in editable_modules(model)} == {"model.language_model"}


def test_a_model_without_linear_maps_says_so() -> None:
    model = tiny_model("llama").model
    for block in model.model.layers:
        for name, part in list(block.named_modules()):
            if isinstance(part, nn.Linear):
                parent, _, child = name.rpartition(".")
                setattr(block.get_submodule(parent), child, nn.Identity())
    with pytest.raises(ModelLoadError, match="no linear maps"):
        editable_modules(model)


@pytest.mark.parametrize(
    ("pattern", "layers"),
    [
        ("model.layers.{18..26}.mlp.down_proj", range(18, 27)),
        ("model.layers.{1,4,7..9}.mlp.down_proj", [1, 4, 7, 8, 9]),
        ("mlp.down_proj@18-26,28", [*range(18, 27), 28]),
        ("mlp.down_proj@*", range(30)),
        ("*.down_proj", range(30)),
        ("model.layers.29.mlp.down_proj, model.layers.3.mlp.down_proj", [3, 29]),
        ("model.layers.3.*.down_proj,mlp.down_proj@3", [3]),
    ],
)
def test_patterns_select_layers_in_the_models_order(pattern: str, layers: range | list[int]) -> None:
    chosen = select(grid(), pattern)
    assert [m.layer for m in chosen] == list(layers)
    assert {m.projection for m in chosen} == {"mlp.down_proj"}


def test_a_star_spans_projections_and_braces_may_hold_words() -> None:
    assert len(select(grid(), "model.layers.3.*")) == 3
    assert [m.projection for m in select(grid(), "model.layers.3.mlp.{up_proj,down_proj}")] == [
        "mlp.up_proj",
        "mlp.down_proj",
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        " , ",
        "model.layers.30.mlp.down_proj",
        "model.layers.{28..31}.mlp.down_proj",
        "down_proj",
        "mlp.gate@3",
    ],
)
def test_what_matches_nothing_is_refused_with_what_exists(pattern: str) -> None:
    with pytest.raises(SettingError, match=r"layers 0 to 29 with self_attn\.q_proj, mlp\.up_proj") as caught:
        select(grid(), pattern)
    assert caught.value.name == "modules"


@pytest.mark.parametrize(
    "pattern",
    [
        "model.layers.{3..1}.mlp.down_proj",
        "model.layers.{1..99999999999}.mlp.down_proj",
        "model.layers.{}.mlp.down_proj",
        "model.layers.{1,2.mlp.down_proj",
        "model.layers.[1].mlp.down_proj",
        "mlp.down_proj@",
        "mlp.down_proj@1-",
        "model layers",
    ],
)
def test_malformed_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(SettingError, match="is not a module pattern"):
        select(grid(), pattern)


@given(st.text(alphabet="model.layers{}*@,-0123 down_proj", max_size=30))
def test_any_text_selects_modules_or_raises_a_setting_error(pattern: str) -> None:
    with suppress(SettingError):
        assert select(grid(4), pattern)


@given(st.sets(st.integers(0, 89), min_size=1))
def test_a_ticked_grid_survives_as_a_pattern(ticked: set[int]) -> None:
    chosen = tuple(m for i, m in enumerate(grid()) if i in ticked)
    assert select(grid(), as_pattern(chosen)) == chosen


def test_a_pattern_that_stands_for_a_hundred_million_names_is_refused() -> None:
    for pattern in (
        "{*,*}" * 20,
        "*.{1..9999,1..9999}",
        f"mlp.*@{'1-9999,' * 500}1",
        "{" * 5_000 + "*" + "}" * 5_000,
    ):
        with pytest.raises(SettingError, match=r"more than 10,000 names|not a module pattern|matches no"):
            select(grid(), pattern)
    with pytest.raises(SettingError, match=r"matches no editable module"):
        select(grid(), "*e" * 30 + "x")


def test_braces_may_hold_braces() -> None:
    chosen = select(grid(), "model.layers.{1,{3..4}}.mlp.down_proj, model.layers.0.mlp.up_proj")
    assert [m.layer for m in chosen] == [0, 1, 3, 4]


@given(st.text("ab*", max_size=8).filter(lambda pattern: "**" not in pattern), st.text("ab", max_size=8))
def test_a_star_stands_for_any_text(pattern: str, name: str) -> None:
    module = EditableModule(name or "a", 0, name or "a", 1, 1)
    try:
        found = bool(select([module], pattern))
    except SettingError:
        found = False
    assert found == (bool(pattern) and fnmatchcase(module.name, pattern))
