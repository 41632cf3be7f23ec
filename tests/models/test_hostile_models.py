"""Model files that are broken or made to break: one sentence each that names the file, never a traceback."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM

from tests.models.test_gguf import write_gguf
from tests.tiny import tiny_model
from workbench.errors import ModelLoadError
from workbench.models.loading import load
from workbench.models.outline import outline


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "model"
    loaded = tiny_model()
    loaded.model.save_pretrained(path)
    loaded.tokenizer.save_pretrained(path)
    return path


def change(file: Path, **settings: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))


def refused(call: Callable[[], object]) -> str:
    """The one sentence, empty where it was taken."""
    try:
        call()
    except ModelLoadError as error:
        said = str(error)
    else:
        said = ""
    assert "\n" not in said
    return said


def refusal(call: Callable[[], object]) -> str:
    said = refused(call)
    assert said.endswith(".")
    return said


@pytest.mark.parametrize(
    "changed",
    [
        {"quantization_config": "int4"},
        {"quantization_config": ["int4"]},
        {"architectures": 5},
        {"architectures": "LlamaForCausalLM"},
        {"architectures": [5, None]},
        {"architectures": {"a": 1}},
        {"model_type": ["llama"]},
        {"model_type": {"a": 1}},
        {"auto_map": 5, "model_type": "own"},
        {"hidden_size": -32},
        {"hidden_size": "32"},
        {"hidden_size": 0},
        {"intermediate_size": -1},
        {"num_hidden_layers": -1},
        {"num_hidden_layers": 0},
        {"num_hidden_layers": 2.5},
        {"num_attention_heads": 0},
        {"num_attention_heads": -4},
        {"vocab_size": -1},
        {"vocab_size": 1 << 70},
        {"max_position_embeddings": -5},
        {"max_position_embeddings": "many"},
        {"rope_scaling": "linear"},
        {"rope_parameters": 7},
        {"torch_dtype": "float99"},
        {"dtype": 5},
        {"pad_token_id": 10**9},
        {"hidden_act": "no such"},
        {"num_key_value_heads": 3},
        {"text_config": 5},
        {"tie_word_embeddings": "perhaps"},
    ],
    ids=str,
)
def test_settings_that_make_no_model(folder: Path, changed: dict[str, Any]) -> None:
    change(folder / "config.json", **changed)
    for call in (load, outline):
        said = refused(lambda call=call: call(str(folder)))  # type: ignore[misc]
        assert said == "" or said.endswith(".")


@pytest.mark.parametrize(
    "name", ["config.json", "tokenizer_config.json", "tokenizer.json", "generation_config.json"]
)
@pytest.mark.parametrize(
    "content", ["[" * 100_000, '{"a":' * 100_000, "\ud800", "[]", "5", "{}", "null", '"x"', "{"]
)
def test_files_of_a_folder_that_are_no_settings(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content, "utf-8", errors="surrogatepass")
    said = refused(lambda: load(str(folder)))
    assert said == "" or str(folder) in said


def test_quantised_by_a_word(folder: Path) -> None:
    change(folder / "config.json", quantization_config="int4")
    assert "quantised with int4" in refusal(lambda: load(str(folder)))


@pytest.mark.parametrize("call", [load, outline])
def test_one_hundred_thousand_brackets_are_no_config(folder: Path, call: Callable[[str], object]) -> None:
    (folder / "config.json").write_text("[" * 100_000)
    said = refusal(lambda: call(str(folder)))
    assert "config.json" in said
    assert "fetch it again" in said


def test_ids_beyond_the_embeddings_are_refused(folder: Path) -> None:
    file = folder / "tokenizer.json"
    held = json.loads(file.read_text())
    held["model"]["vocab"] = {token: place + 100 for token, place in held["model"]["vocab"].items()}
    file.write_text(json.dumps(held))
    said = refusal(lambda: load(str(folder)))
    assert "token ids up to" in said
    assert "259" in said


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_files_that_cannot_be_read_are_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).symlink_to("/proc/self/mem")  # opens, and fails at the first byte
    assert str(folder) in refusal(lambda: load(str(folder)))


def test_a_folder_that_cannot_be_listed_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "model.safetensors").unlink()

    def refuse(_folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert str(folder) in refusal(lambda: load(str(folder)))


@pytest.mark.parametrize("call", [load, outline])
def test_a_name_longer_than_any_file_has_is_refused(call: Callable[[str], object]) -> None:
    refusal(lambda: call("m" * 300))
    refusal(lambda: call("/" + "m" * 300 + "/x"))
    refusal(lambda: call("org/" + "m" * 5000))


@pytest.mark.parametrize(
    "changed",
    [
        {"attn_implementation": "someone/attention"},
        {"_attn_implementation": "kernels-community/flash-attn3"},
        {"_attn_implementation": {"": "someone/attention"}},
        {"experts_implementation": "someone/experts"},
        {"text_config": {"model_type": "llama", "_attn_implementation": "someone/attention"}},
    ],
    ids=str,
)
def test_kernels_from_elsewhere_are_never_run(folder: Path, changed: dict[str, Any]) -> None:
    change(folder / "config.json", **changed)
    for call in (load, outline):
        assert "code from elsewhere" in refusal(lambda call=call: call(str(folder)))  # type: ignore[misc]


@pytest.mark.parametrize("layers", [1_001, 100_000, 10**12])
def test_a_tower_of_layers_is_refused_before_it_is_built(
    folder: Path, monkeypatch: pytest.MonkeyPatch, layers: int
) -> None:
    def build(_config: object) -> None:
        raise AssertionError("it is built")

    change(folder / "config.json", num_hidden_layers=layers)
    monkeypatch.setattr(AutoModelForCausalLM, "from_config", build)
    assert f"asks for {layers:,} layers" in refusal(lambda: outline(str(folder)))


@pytest.mark.parametrize("size", [0, 3, 4, 5, 8, 12, 16, 23, 24, 25, 40, 100, 500, 2_000, -1, -5_000])
def test_a_gguf_file_that_was_cut_is_refused(tmp_path: Path, size: int) -> None:
    file = tmp_path / "cut.gguf"
    write_gguf(file)
    whole = file.read_bytes()
    file.write_bytes(whole[:size])
    for call in (load, outline):
        assert str(file) in refusal(lambda call=call: call(str(file)))  # type: ignore[misc]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_gguf_file_with_a_few_other_bytes_never_ends_in_a_traceback(
    tmp_path: Path, data: st.DataObject
) -> None:
    file = tmp_path / "odd.gguf"
    if not (tmp_path / "whole.gguf").exists():
        write_gguf(tmp_path / "whole.gguf")
    content = bytearray((tmp_path / "whole.gguf").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, 5_000))] = data.draw(st.integers(0, 255))
    file.write_bytes(content)
    with suppress(ModelLoadError):
        outline(str(file))
