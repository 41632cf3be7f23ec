"""What was published, and which modules the editors take."""

from dataclasses import fields

import pytest

from tests.tiny import ARCHITECTURES, HIDDEN, INNER, tiny_model
from workbench.editors.located.memit import require_down_projections
from workbench.editors.located.settings import (
    ALPHAEDIT,
    MEMIT,
    ROME,
    AlphaEditSettings,
    MemitSettings,
    RomeSettings,
    ValueSettings,
)
from workbench.errors import SettingError
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
    llama = MEMIT["Llama-3-8B"]
    assert (llama.modules, llama.steps, llama.rate, llama.decay, llama.clamp, llama.protection) == (
        "mlp.down_proj@4-8",
        25,
        0.1,
        0.5,
        0.75,
        15_000,
    )
    assert (MEMIT["Mistral-7B"].rate, MEMIT["Mistral-7B"].decay, MEMIT["Mistral-7B"].clamp) == (0.5, 1e-3, 4)
    assert "Mistral-7B" not in ALPHAEDIT
    assert (ALPHAEDIT["Llama-3-8B"].threshold, ALPHAEDIT["Llama-3-8B"].ridge) == (0.02, 10)
    assert ALPHAEDIT["Qwen2.5-7B"].ridge == 1
    assert (ROME["GPT-J-6B"].steps, ROME["GPT-J-6B"].decay, ROME["GPT-J-6B"].covariance) == (20, 0.5, True)
    assert (ROME["Llama-3-8B"].steps, ROME["Llama-3-8B"].decay, ROME["Llama-3-8B"].covariance) == (
        25,
        1e-3,
        False,
    )


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
