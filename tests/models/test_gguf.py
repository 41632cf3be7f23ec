import os
import threading
import time
from pathlib import Path

import gguf as format_of_gguf
import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType, GGUFWriter
from safetensors.torch import load_file
from tokenizers import pre_tokenizers
from transformers import PreTrainedModel

from tests.models.shared import CARD, largest_file
from workbench.errors import Cancelled, DiskFull, ModelLoadError
from workbench.models import gguf
from workbench.models.export import export_hf
from workbench.models.files import require_space
from workbench.models.loading import load
from workbench.models.outline import outline
from workbench.models.progress import LoadProgressed, Watch

HIDDEN, INNER, LAYERS, KEYS = 32, 64, 2, 16
TOKENS = ["<|end|>", "<|start|>", "<|stop|>", *sorted(pre_tokenizers.ByteLevel.alphabet()), "Ġt", "he"]
LINEAR = {
    "attn_q": (HIDDEN, HIDDEN),
    "attn_k": (KEYS, HIDDEN),
    "attn_v": (KEYS, HIDDEN),
    "attn_output": (HIDDEN, HIDDEN),
    "ffn_gate": (INNER, HIDDEN),
    "ffn_up": (INNER, HIDDEN),
    "ffn_down": (HIDDEN, INNER),
}


def write_gguf(file: Path, architecture: str = "llama") -> dict[str, np.ndarray]:
    """A random quantised Llama with tied embeddings; returns its blocks as stored, by GGUF name."""
    writer = GGUFWriter(file, architecture)
    writer.add_context_length(128)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(TOKENS))
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(TOKENS)
    writer.add_token_merges(["Ġ t", "h e"])
    writer.add_token_types([3] * 3 + [1] * (len(TOKENS) - 3))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    random, written = np.random.default_rng(0), {}
    shapes = {"token_embd": (len(TOKENS), HIDDEN)}
    shapes |= {f"blk.{i}.{name}": shape for i in range(LAYERS) for name, shape in LINEAR.items()}
    for name, shape in shapes.items():
        values = random.normal(0, 0.05, shape).astype(np.float32)
        written[name] = format_of_gguf.quants.quantize(values, GGMLQuantizationType.Q4_1)
        writer.add_tensor(f"{name}.weight", written[name], raw_dtype=GGMLQuantizationType.Q4_1)
    for name in ["output_norm", *(f"blk.{i}.{norm}_norm" for i in range(LAYERS) for norm in ("attn", "ffn"))]:
        writer.add_tensor(f"{name}.weight", np.ones(HIDDEN, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return written


def test_a_conversion_holds_the_files_values_bit_for_bit_and_is_made_once(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = write_gguf(tmp_path / "tiny.gguf")
    before = outline(str(tmp_path / "tiny.gguf"))
    loaded = load(str(tmp_path / "tiny.gguf"))
    for layer in range(LAYERS):
        expected = format_of_gguf.quants.dequantize(
            stored[f"blk.{layer}.ffn_down"], GGMLQuantizationType.Q4_1
        )
        weight = loaded.model.get_submodule(f"model.layers.{layer}.mlp.down_proj").weight
        assert torch.equal(weight, torch.from_numpy(expected))  # type: ignore[arg-type]
    folder = own_cache / "models" / loaded.sha256
    assert [p.name for p in (own_cache / "models").iterdir()] == [folder.name]
    assert "lm_head.weight" not in load_file(folder / "model.safetensors")
    monkeypatch.setattr(gguf, "read_model", None)  # another conversion would fail
    again = load(str(tmp_path / "tiny.gguf"))
    assert again.sha256 == loaded.sha256
    after = outline(str(tmp_path / "tiny.gguf"))
    assert before is not None
    assert after is not None
    assert before.modules == after.modules == again.modules
    assert (before.parameters, before.window) == (after.parameters, after.window) == (again.parameters, 128)


def test_a_conversion_that_was_changed_since_is_made_again(tmp_path: Path, own_cache: Path) -> None:
    write_gguf(tmp_path / "tiny.gguf")
    loaded = load(str(tmp_path / "tiny.gguf"))
    state = {name: t.clone() for name, t in loaded.model.state_dict().items()}  # mapped from the file
    file = own_cache / "models" / loaded.sha256 / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 64
    file.write_bytes(content)
    again = load(str(tmp_path / "tiny.gguf"))
    assert all(torch.equal(t, state[n]) for n, t in again.model.state_dict().items())
    assert again.sha256 == loaded.sha256


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize(("looked_at_before", "times"), [(True, 2), (False, 1)])
def test_a_file_is_parsed_once_for_its_config_and_at_most_once_more_to_be_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looked_at_before: bool, times: int
) -> None:
    write_gguf(tmp_path / "tiny.gguf")
    parsed: list[object] = []

    class Counted(format_of_gguf.GGUFReader):
        def __init__(self, path: str) -> None:
            parsed.append(path)
            super().__init__(path)

    monkeypatch.setattr(format_of_gguf, "GGUFReader", Counted)
    if looked_at_before:
        outline(str(tmp_path / "tiny.gguf"))
    load(str(tmp_path / "tiny.gguf"))
    assert len(parsed) == times
    assert format_of_gguf.GGUFReader is Counted


def test_a_model_from_gguf_exports_without_quantizer_traces(tmp_path: Path, own_cache: Path) -> None:
    assert own_cache
    write_gguf(tmp_path / "tiny.gguf")
    loaded = load(str(tmp_path / "tiny.gguf"))
    exported = load(str(export_hf(loaded, tmp_path / "out", CARD)))
    original = loaded.model.state_dict()
    assert all(torch.equal(t, original[n]) for n, t in exported.model.state_dict().items())
    assert not hasattr(exported.model.config, "quantization_config")
    for text in ("the naïve\n", " 東京 <|stop|>"):
        assert exported.tokenizer(text)["input_ids"] == loaded.tokenizer(text)["input_ids"]


@pytest.mark.parametrize(
    "stage", ["hashing the weights", "unpacking the GGUF file", "checking the converted model"]
)
def test_a_stopped_conversion_leaves_no_model(tmp_path: Path, own_cache: Path, stage: str) -> None:
    write_gguf(tmp_path / "tiny.gguf")
    cancel = threading.Event()

    def stop(progressed: LoadProgressed) -> None:
        if progressed.stage == stage:
            cancel.set()

    with pytest.raises(Cancelled):
        load(str(tmp_path / "tiny.gguf"), progress=stop, cancel=cancel)
    assert not (own_cache / "models").exists()


def test_a_conversion_without_space_leaves_no_model(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_gguf(tmp_path / "tiny.gguf")
    with largest_file(50_000), pytest.raises(DiskFull, match=r"Converting tiny\.gguf ran out of space"):
        load(str(tmp_path / "tiny.gguf"))
    assert not (own_cache / "models").exists()
    monkeypatch.setattr(
        gguf, "require_space", lambda place, size, what: require_space(place, size + (1 << 60), what)
    )
    with pytest.raises(DiskFull, match=r"Converting tiny\.gguf needs .* GiB are free"):
        load(str(tmp_path / "tiny.gguf"))
    assert not (own_cache / "models").exists()


def test_what_does_not_read_back_equal_is_not_kept(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_gguf(tmp_path / "tiny.gguf")
    read = gguf.read_model

    def save_something_else(file: Path, watch: Watch) -> PreTrainedModel:
        model = read(file, watch)
        save = model.save_pretrained

        def save_and_change(place: Path) -> None:
            save(place)
            model.get_parameter("model.norm.weight").data.add_(1e-6)

        monkeypatch.setattr(model, "save_pretrained", save_and_change)
        return model

    monkeypatch.setattr(gguf, "read_model", save_something_else)
    with pytest.raises(ModelLoadError, match="do not read back"):
        load(str(tmp_path / "tiny.gguf"))
    assert not (own_cache / "models").exists()


def test_what_a_crash_left_is_cleared_and_another_run_is_not(tmp_path: Path, own_cache: Path) -> None:
    write_gguf(tmp_path / "tiny.gguf")
    sha256 = load(str(tmp_path / "tiny.gguf")).sha256
    models = own_cache / "models"
    (models / sha256).rename(models / f"{sha256}.partial-old")
    os.utime(models / f"{sha256}.partial-old", (time.time() - 200_000,) * 2)
    (models / f"{sha256}.partial-new").mkdir()
    load(str(tmp_path / "tiny.gguf"))
    assert sorted(p.name for p in models.iterdir()) == [sha256, f"{sha256}.partial-new"]


def test_an_unknown_or_truncated_gguf_is_refused_by_name(tmp_path: Path, own_cache: Path) -> None:
    write_gguf(tmp_path / "odd.gguf", "dinosaur")
    with pytest.raises(ModelLoadError, match=r"odd\.gguf cannot be read: .*dinosaur"):
        load(str(tmp_path / "odd.gguf"))
    write_gguf(tmp_path / "cut.gguf")
    content = (tmp_path / "cut.gguf").read_bytes()
    (tmp_path / "cut.gguf").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelLoadError, match=r"cut\.gguf cannot be") as caught:
        load(str(tmp_path / "cut.gguf"))
    assert "\n" not in str(caught.value)
    assert not (own_cache / "models").exists()
