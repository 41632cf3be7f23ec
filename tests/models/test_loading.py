import hashlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.tiny import WINDOW, tiny_model
from workbench.errors import Cancelled, ModelLoadError, SettingError
from workbench.models import memory
from workbench.models.loading import load
from workbench.models.progress import LoadProgressed

pytestmark = pytest.mark.usefixtures("own_cache")
Writer = Callable[..., Path]


def change_config(folder: Path, **changes: object) -> None:
    file = folder / "config.json"
    settings = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({k: v for k, v in settings.items() if v is not None}))


def test_a_folder_loads_frozen_described_and_silent(
    model_folder: Writer, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = model_folder("qwen2")
    capfd.readouterr()
    loaded = load(str(folder), device="cpu")
    assert (loaded.architecture, loaded.window, loaded.dtype) == ("Qwen2ForCausalLM", WINDOW, torch.float32)
    assert not loaded.model.training
    assert not any(p.requires_grad for p in loaded.model.parameters())
    original = tiny_model("qwen2").model.state_dict()
    assert all(torch.equal(t, original[n]) for n, t in loaded.model.state_dict().items())
    assert loaded.tokenizer("é")["input_ids"] == tiny_model("qwen2").tokenizer("é")["input_ids"]
    assert capfd.readouterr() == ("", "")


def test_the_weights_hash_is_sha256sums_and_notices_a_change(model_folder: Writer) -> None:
    folder = model_folder()
    file = folder / "model.safetensors"
    assert load(str(folder)).sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    tensors = load_file(file)
    first = next(iter(tensors))
    save_file({**tensors, first: tensors[first] + 1}, file, {"format": "pt"})
    assert load(str(folder)).sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_change_whose_modification_time_was_set_back_is_noticed(model_folder: Writer) -> None:
    folder = model_folder()
    file = folder / "model.safetensors"
    before, was = load(str(folder)).sha256, file.stat()
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (was.st_size, was.st_mtime_ns)
    assert load(str(folder)).sha256 == hashlib.sha256(file.read_bytes()).hexdigest() != before


def test_no_remembered_hash_counts_where_it_must_be_the_very_model(
    model_folder: Writer, own_cache: Path
) -> None:
    folder = model_folder()
    right = load(str(folder)).sha256
    remembered = own_cache / "hashes.json"
    remembered.write_text(remembered.read_text("utf-8").replace(right, "0" * 64), "utf-8")
    assert load(str(folder)).sha256 == "0" * 64
    assert load(str(folder), hash_again=True).sha256 == right
    assert load(str(folder)).sha256 == right


def test_sharded_weights_load_and_hash_as_one(model_folder: Writer) -> None:
    folder = model_folder(max_shard_size=20_000)
    assert len(list(folder.glob("model-*.safetensors"))) > 1
    loaded = load(str(folder))
    assert len(loaded.sha256) == 64
    assert torch.equal(loaded.model.model.norm.weight, tiny_model().model.model.norm.weight)


def test_dtype_can_be_chosen(model_folder: Writer) -> None:
    assert load(str(model_folder()), dtype="bfloat16").dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("device", "dtype", "name"),
    [
        ("cpu", "float16", "dtype"),
        ("cpu", "int8", "dtype"),
        ("gpu", "auto", "device"),
        ("cuda:99", "auto", "device"),
    ],
)
def test_impossible_devices_and_formats_are_refused(
    model_folder: Writer, device: str, dtype: str, name: str
) -> None:
    with pytest.raises(SettingError) as caught:
        load(str(model_folder()), device=device, dtype=dtype)
    assert caught.value.name == name


def test_progress_reaches_its_total_and_cancel_stops(model_folder: Writer) -> None:
    folder = model_folder()
    seen: list[LoadProgressed] = []
    load(str(folder), progress=seen.append)
    last = {p.stage: p for p in seen}
    assert set(last) == {"hashing the weights", "loading the weights"}
    assert all(p.done == p.total > 0 for p in last.values())
    cancel = threading.Event()

    def stop_at_the_weights(progressed: LoadProgressed) -> None:
        if progressed.stage == "loading the weights" and progressed.done == 3:
            cancel.set()

    with pytest.raises(Cancelled):
        load(str(folder), progress=stop_at_the_weights, cancel=cancel)


def test_release_frees_the_weights_even_of_a_held_model(model_folder: Writer) -> None:
    loaded = load(str(model_folder()))
    held = loaded.model
    loaded.release()
    loaded.release()
    assert all(p.is_meta for p in held.parameters())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model_type": "llamalike", "auto_map": {"AutoConfig": "own.Config"}}, "its own Python code"),
        ({"model_type": "llamalike"}, "architecture llamalike"),
        ({"model_type": None}, r"architecture \(none named\)"),
        ({"model_type": "bert", "architectures": ["BertForMaskedLM"]}, "no decoder-only language model"),
        ({"model_type": "bert", "architectures": ["BertLMHeadModel"]}, "no decoder-only language model"),
        ({"model_type": "t5", "architectures": None, "is_encoder_decoder": True}, "no decoder-only"),
        ({"architectures": ["LlamaForSequenceClassification"]}, "no decoder-only language model"),
        ({"quantization_config": {"quant_method": "gptq"}}, "quantised with gptq"),
        ({"num_hidden_layers": 5}, r"lack 18 tensors"),
        ({"hidden_size": "wide"}, "config.json cannot be used"),
    ],
)
def test_unsuitable_configs_are_refused_in_one_sentence(
    model_folder: Writer, changes: dict[str, object], sentence: str
) -> None:
    folder = model_folder()
    change_config(folder, **changes)
    with pytest.raises(ModelLoadError, match=sentence) as caught:
        load(str(folder))
    assert "\n" not in str(caught.value)


def test_auto_map_of_a_known_architecture_loads_without_running_it(model_folder: Writer) -> None:
    folder = model_folder()
    (folder / "own.py").write_text("raise SystemExit('ran foreign code')")
    change_config(folder, auto_map={"AutoModelForCausalLM": "own.Model", "AutoConfig": "own.Config"})
    assert load(str(folder)).architecture == "LlamaForCausalLM"


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "consolidated.00.pth"])
def test_pickled_weights_are_refused_and_never_opened(model_folder: Writer, name: str) -> None:
    folder = model_folder()
    (folder / "model.safetensors").rename(folder / name)
    with pytest.raises(ModelLoadError, match=r"pickled checkpoint.*convert it to safetensors"):
        load(str(folder))
    with pytest.raises(ModelLoadError, match="pickled checkpoint"):
        load(str(folder / name))


def test_a_truncated_weights_file_is_named(model_folder: Writer) -> None:
    folder = model_folder()
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:5_000])
    with pytest.raises(ModelLoadError, match=r"weights in .*model cannot be read"):
        load(str(folder))


def test_a_missing_shard_and_an_escaping_index_are_named(model_folder: Writer) -> None:
    folder = model_folder(max_shard_size=20_000)
    next(folder.glob("model-00002-*")).unlink()
    with pytest.raises(ModelLoadError, match="lacks the weights model-00002"):
        load(str(folder))
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"x": "../elsewhere.safetensors"}}))
    with pytest.raises(ModelLoadError, match="does not name safetensors files beside it"):
        load(str(folder))


def test_folders_without_config_or_weights_say_what_to_give(tmp_path: Path, model_folder: Writer) -> None:
    with pytest.raises(ModelLoadError, match=r"has no config\.json"):
        load(str(tmp_path))
    (tmp_path / "small.gguf").touch()
    with pytest.raises(ModelLoadError, match=r"give one of them, small\.gguf"):
        load(str(tmp_path))
    folder = model_folder()
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelLoadError, match=r"has no model\.safetensors"):
        load(str(folder))
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelLoadError, match=r"config\.json cannot be read"):
        load(str(folder))


def test_a_wrong_name_gets_near_matches(model_folder: Writer, tmp_path: Path) -> None:
    folder = model_folder(name="my-llama")
    with pytest.raises(ModelLoadError, match=r"no such file or folder.*did you mean .*my-llama\?"):
        load(str(tmp_path / "my-lama"))
    with pytest.raises(ModelLoadError, match=r"did you mean starter\?"):
        load("startr")
    with pytest.raises(ModelLoadError, match="holds weights alone: give the folder"):
        load(str(folder / "model.safetensors"))
    with pytest.raises(ModelLoadError, match="is no model"):
        load(str(folder / "tokenizer.json"))
    with pytest.raises(ModelLoadError, match="the name is empty"):
        load(" ")


def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "fake.gguf"
    file.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(ModelLoadError, match="is no GGUF file"):
        load(str(file))
    file.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelLoadError, match=r"fake\.gguf cannot be read"):
        load(str(file))


def test_a_model_that_cannot_fit_is_refused_with_figures(
    model_folder: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda _device: 100_000)
    with pytest.raises(
        ModelLoadError, match=r"takes 0\.00 GiB \(weights 0\.00\) and 0\.00 GiB are free on cpu"
    ):
        load(str(model_folder()))
