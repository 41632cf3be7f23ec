"""What was published, and which modules the editors take."""

from dataclasses import fields

import pytest

from tests.tiny import ARCHITECTURES, HIDDEN, INNER, tiny_model
from workbench.editing.start import preset_of, starting_recipe
from workbench.editors.located.memit import require_down_projections
from workbench.editors.located.settings import (
    AlphaEditSettings,
    MemitSettings,
    RomeSettings,
    ValueSettings,
)
from workbench.errors import SettingError
from workbench.models.modules import select
from workbench.models.presets import preset_named
from workbench.settings import described

KINDS: list[type[ValueSettings]] = [MemitSettings, AlphaEditSettings, RomeSettings]


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_is_described(kind: type[ValueSettings]) -> None:
    about = described(kind)
    assert set(about) == {f.name for f in fields(kind)}
    assert all(a.help.endswith(".") for a in about.values())
    kind()


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (MemitSettings, "protection", 0.0),
        (AlphaEditSettings, "threshold", -1.0),
        (RomeSettings, "key", "two"),
    ],
)
def test_values_out_of_range_are_refused(kind: type[ValueSettings], name: str, value: object) -> None:
    with pytest.raises(SettingError) as raised:
        kind(**{name: value})  # type: ignore[arg-type]
    assert raised.value.name == name


def test_the_published_settings() -> None:
    llama, mistral, qwen, gptj = (
        preset_named(name) for name in ("llama-3-8b", "mistral-7b-v0.3", "qwen2.5-7b", "gpt-j-6b")
    )
    chosen = starting_recipe(llama, "memit")
    assert chosen.modules == "model.layers.{4..8}.mlp.down_proj"
    assert chosen.method == MemitSettings(25, 0.1, 0.05, 0.0625, 0.5, 0.75, 5, 15_000.0, sequential=False)
    assert starting_recipe(mistral, "memit-seq").method == MemitSettings(
        decay=1e-3, clamp=4.0, sequential=True
    )
    assert starting_recipe(llama, "alphaedit").method == AlphaEditSettings(
        rate=0.1, threshold=0.02, ridge=10.0
    )
    assert starting_recipe(qwen, "alphaedit").method == AlphaEditSettings(decay=1e-3, clamp=4.0, ridge=1.0)
    assert starting_recipe(gptj, "rome").method == RomeSettings(steps=20, decay=0.5, covariance=True)
    assert starting_recipe(gptj, "rome").modules == "transformer.h.5.mlp.fc_out"


def test_settings_of_an_editor_are_typed_by_name() -> None:
    preset = preset_named("llama-3-8b")
    own = {"protection": "300", "sequential": "yes", "steps": "3"}
    chosen = starting_recipe(preset, "memit", own=own)
    assert chosen.method == MemitSettings(steps=3, rate=0.1, protection=300.0, sequential=True)
    for wrong, said in (
        ({"steps": "many"}, "steps is 'many'"),
        ({"speed": "1"}, "no setting speed: it has steps"),
    ):
        with pytest.raises(SettingError, match=said):
            starting_recipe(preset, "memit", own=wrong)
    with pytest.raises(SettingError, match="none of its own"):
        starting_recipe(preset, "ultraedit", own={"steps": "3"})


def test_where_nobody_has_measured_early_layers_are_edited() -> None:
    loaded = tiny_model()
    chosen = starting_recipe(preset_of(loaded), "memit", modules=loaded.modules)
    assert chosen.modules.endswith("mlp.down_proj")
    assert select(loaded.modules, chosen.modules)[0].layer == 0


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_down_projections_are_told_from_the_other_maps(architecture: str) -> None:
    modules = tiny_model(architecture).modules
    down = [m for m in modules if (m.d_in, m.d_out) == (INNER, HIDDEN)]
    assert require_down_projections(modules, down[::-1]) == tuple(down)
    for module in set(modules) - set(down):
        with pytest.raises(SettingError, match="does not end"):
            require_down_projections(modules, [down[0], module])


def test_no_module_is_refused() -> None:
    with pytest.raises(SettingError, match="choose among"):
        require_down_projections(tiny_model().modules, [])
