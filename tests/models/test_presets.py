import math

import pytest
from transformers import AutoConfig, PretrainedConfig

from tests.tiny import ARCHITECTURES, LAYERS, tiny_model
from workbench.errors import SettingError
from workbench.models.modules import EditableModule, select
from workbench.models.outline import outline_of
from workbench.models.presets import preset_for, preset_named, presets, presets_for, suggest

LLAMA_3_8B = AutoConfig.for_model(
    "llama",
    num_hidden_layers=32,
    hidden_size=4096,
    intermediate_size=14336,
    num_attention_heads=32,
    num_key_value_heads=8,
    vocab_size=128256,
)
GPT_J_6B = AutoConfig.for_model("gptj", n_layer=28, n_embd=4096, n_head=16, vocab_size=50400)
QWEN_2_5_7B = AutoConfig.for_model(
    "qwen2",
    num_hidden_layers=28,
    hidden_size=3584,
    intermediate_size=18944,
    num_attention_heads=28,
    num_key_value_heads=4,
    vocab_size=152064,
)
SMOLLM2_135M = AutoConfig.for_model(
    "llama",
    num_hidden_layers=30,
    hidden_size=576,
    intermediate_size=1536,
    num_attention_heads=9,
    num_key_value_heads=3,
    vocab_size=49152,
)
KNOWN = {
    "llama-3-8b": (LLAMA_3_8B, [11, 12, 22, 23, 28, 29, 30], 1e-6),
    "gpt-j-6b": (GPT_J_6B, [*range(8, 16), 22, 23, 24], 2e-6),
    "qwen2.5-7b": (QWEN_2_5_7B, [*range(8, 15), *range(18, 25)], 2e-6),
}


@pytest.mark.parametrize("name", KNOWN)
def test_published_settings_are_offered_for_their_model_and_name_modules_it_has(name: str) -> None:
    config, layers, step_size = KNOWN[name]
    preset = preset_for(config)
    assert preset is not None
    assert (preset.name, preset.recipe, preset.guess) == (name, "stableedit-published", False)
    assert (preset.settings["step_size"], preset.settings["ridge"]) == (step_size, 10)
    for each in presets_for(config):
        assert select(outline_of(config).modules, each.modules)
    assert [m.layer for m in select(outline_of(config).modules, preset.modules)] == layers


def test_the_starter_has_a_preset_with_protection_and_memory() -> None:
    preset = preset_for(SMOLLM2_135M)
    assert preset is not None
    assert preset.recipe == "stableedit-memory"
    chosen = select(outline_of(SMOLLM2_135M).modules, preset.modules)
    assert {(m.projection, m.d_in, m.d_out) for m in chosen} == {("mlp.down_proj", 1536, 576)}


def test_the_starter_has_another_preset_for_thousands_of_edits_which_is_not_the_default() -> None:
    first, thousands = presets_for(SMOLLM2_135M)
    assert (first.name, thousands.name) == ("smollm2-135m", "smollm2-135m-thousands")
    assert int(thousands.settings["warmup_facts"]) > int(first.settings["warmup_facts"])
    assert preset_for(SMOLLM2_135M) is first


def test_an_unknown_preset_is_refused_with_a_name_near_it() -> None:
    assert preset_named("smollm2-135m").title == "SmolLM2-135M"
    with pytest.raises(SettingError, match=r"no preset 'smollm-135m'.*Did you mean smollm2-135m\?"):
        preset_named("smollm-135m")


def test_other_shapes_get_no_preset() -> None:
    assert preset_for(AutoConfig.for_model("llama", num_hidden_layers=30, hidden_size=640)) is None
    assert preset_for(PretrainedConfig()) is None


def test_preset_names_are_unique() -> None:
    assert len({p.name for p in presets()}) == len(presets())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_gets_a_guess_at_its_down_projection(architecture: str) -> None:
    modules = tiny_model(architecture).modules
    preset = suggest(modules)
    (chosen,) = select(modules, preset.modules)
    assert preset.guess
    assert chosen.layer == LAYERS - 1
    assert (chosen.d_in, chosen.d_out) == (48, 32)


def test_the_guess_scales_the_starters_step_size_by_shape() -> None:
    def blocks(layers: int, d_in: int, d_out: int) -> list[EditableModule]:
        return [EditableModule(f"h.{i}.mlp.down", i, "mlp.down", d_in, d_out) for i in range(layers)]

    starter = preset_for(SMOLLM2_135M)
    assert starter is not None
    same = suggest(blocks(30, 1536, 576))
    assert same.settings["step_size"] == starter.settings["step_size"]
    assert same.modules == "h.{18..26}.mlp.down"
    large = float(suggest(blocks(32, 14336, 4096)).settings["step_size"])
    expected = float(starter.settings["step_size"]) * 1536 * math.sqrt(576) / (14336 * math.sqrt(4096))
    assert large == pytest.approx(expected, rel=0.05)
    assert suggest(blocks(1, 48, 32)).modules == "h.0.mlp.down"
