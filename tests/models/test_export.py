import errno
import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml  # type: ignore[import-untyped]
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from tests.models.shared import CARD, largest_file, nearly_full
from tests.tiny import ARCHITECTURES, tiny_model
from workbench.errors import Cancelled, DiskFull, ExportError
from workbench.models import export, files
from workbench.models.export import export_hf
from workbench.models.loaded import LoadedModel
from workbench.models.loading import load
from workbench.models.modules import module_of, select
from workbench.models.progress import LoadProgressed
from workbench.models.provenance import Provenance, model_card


def edited(architecture: str = "llama") -> tuple[LoadedModel, str]:
    """A tiny model with one weight changed, and that weight's name."""
    loaded = tiny_model(architecture)
    module = [m for m in loaded.modules if m.layer == 1][-1]
    weight = module_of(loaded.model, module).weight
    assert isinstance(weight, torch.Tensor)
    weight += torch.randn(weight.shape, generator=torch.Generator().manual_seed(1))
    return loaded, f"{module.name}.weight"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_plain_transformers_reads_the_same_model_with_only_the_edit_changed(
    architecture: str, tmp_path: Path
) -> None:
    loaded, changed = edited(architecture)
    folder = export_hf(loaded, tmp_path / "out", CARD)
    again = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer("The capital of France is", return_tensors="pt").input_ids
    with torch.no_grad():
        assert torch.equal(again(input_ids=ids).logits, loaded.model(input_ids=ids).logits)
    base, written = tiny_model(architecture).model.state_dict(), again.state_dict()
    assert {name for name in base if not torch.equal(base[name], written[name])} == {changed}
    assert again.config.tie_word_embeddings == loaded.model.config.tie_word_embeddings


@pytest.mark.usefixtures("own_cache")
def test_an_export_loads_as_a_folder_and_exports_again_unchanged(tmp_path: Path) -> None:
    loaded, _ = edited("gpt2")
    first = export_hf(loaded, tmp_path / "deep" / "first", CARD)
    again = load(str(first))
    second = export_hf(again, tmp_path / "second", CARD)
    assert (first / "model.safetensors").read_bytes() == (second / "model.safetensors").read_bytes()
    assert again.modules == loaded.modules
    assert list(tmp_path.glob("**/*.partial-*")) == []


def test_tied_embeddings_are_written_once_and_stay_tied(tmp_path: Path) -> None:
    loaded, _ = edited("llama")
    folder = export_hf(loaded, tmp_path / "out", CARD)
    assert "lm_head.weight" not in load_file(folder / "model.safetensors")
    again = AutoModelForCausalLM.from_pretrained(folder)
    assert again.lm_head.weight.data_ptr() == again.model.embed_tokens.weight.data_ptr()


def test_files_can_be_read_by_whoever_can_read_the_folder(tmp_path: Path) -> None:
    folder = export_hf(edited()[0], tmp_path / "out", CARD)
    (tmp_path / "plain").touch()
    assert {f.stat().st_mode for f in folder.iterdir()} == {(tmp_path / "plain").stat().st_mode}


def test_generation_settings_survive_even_those_the_library_would_refuse(tmp_path: Path) -> None:
    loaded, _ = edited()
    loaded.model.generation_config = GenerationConfig(eos_token_id=257)
    loaded.model.generation_config.temperature = 0.6  # without do_sample, as some published models come
    loaded.model.generation_config.do_sample = False
    folder = export_hf(loaded, tmp_path / "out", CARD)
    written = json.loads((folder / "generation_config.json").read_text())
    assert (written["temperature"], written["eos_token_id"]) == (0.6, 257)
    assert loaded.model.generation_config.temperature == 0.6


def test_processor_files_of_the_base_come_along(tmp_path: Path) -> None:
    loaded, _ = edited()
    loaded.folder = tmp_path / "base"
    loaded.folder.mkdir()
    (loaded.folder / "preprocessor_config.json").write_text('{"size": 28}')
    folder = export_hf(loaded, tmp_path / "out", CARD)
    assert (folder / "preprocessor_config.json").read_text() == '{"size": 28}'


def test_a_used_destination_is_refused_and_kept(tmp_path: Path) -> None:
    loaded, _ = edited()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(ExportError, match="is not empty"):
        export_hf(loaded, tmp_path / "out", CARD)
    with pytest.raises(ExportError, match="is a file"):
        export_hf(loaded, tmp_path / "out" / "mine.txt", CARD)
    with pytest.raises(ExportError, match="cannot be written"):
        export_hf(loaded, tmp_path / "out" / "mine.txt" / "below", CARD)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["mine.txt", "out"]
    (tmp_path / "empty").mkdir()
    assert (export_hf(loaded, tmp_path / "empty", CARD) / "config.json").is_file()


def test_too_little_space_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    with pytest.raises(DiskFull, match=r"needs 0\.06 GiB and 0\.00 GiB are free"):
        export_hf(edited()[0], tmp_path / "new" / "out", CARD)
    assert list(tmp_path.iterdir()) == []


def test_space_that_runs_out_in_the_weights_leaves_nothing(tmp_path: Path) -> None:
    loaded, _ = edited()
    with largest_file(40_000), pytest.raises(DiskFull, match="ran out of space"):
        export_hf(loaded, tmp_path / "new" / "out", CARD)
    assert list(tmp_path.iterdir()) == []


def test_space_that_runs_out_in_the_card_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(export, "model_card", full)
    with pytest.raises(DiskFull, match="make room or choose another place"):
        export_hf(edited()[0], tmp_path / "out", CARD)
    assert list(tmp_path.iterdir()) == []


def test_cancelling_between_shards_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "SHARD_BYTES", 20_000)
    cancel = threading.Event()

    def stop_after_two(progressed: LoadProgressed) -> None:
        assert progressed.total > 2
        if progressed.done == 2:
            cancel.set()

    with pytest.raises(Cancelled):
        export_hf(edited()[0], tmp_path / "out", CARD, stop_after_two, cancel)
    assert list(tmp_path.iterdir()) == []


def test_other_failures_are_not_taken_for_a_full_disk(tmp_path: Path) -> None:
    def fail() -> None:
        with files.whole_folder(tmp_path / "out", "It"):
            raise OSError(errno.EIO, "broken")

    with pytest.raises(OSError, match="broken"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_the_card_tells_base_settings_and_scores_with_their_protocol(tmp_path: Path) -> None:
    text = (export_hf(edited()[0], tmp_path / "out", CARD) / "README.md").read_text("utf-8")
    metadata = yaml.safe_load(text.split("---")[1])
    assert metadata["base_model"] == "org/base"
    assert metadata["library_name"] == "transformers"
    assert "1,234 facts" in text
    assert (
        "| ES | 0.046 | 0.663 | Share of answer tokens that are the argmax under teacher forcing. |" in text
    )
    assert "| Perplexity | not measured | 114.1 |" in text
    assert "| step_size | 0.0005 |" in text
    assert "ab" * 32 in text


def test_provenance_json_is_strict_json(tmp_path: Path) -> None:
    folder = export_hf(edited()[0], tmp_path / "out", CARD)

    def refuse(constant: str) -> Callable[[], None]:
        raise AssertionError(constant)

    kept = json.loads((folder / "provenance.json").read_text("utf-8"), parse_constant=refuse)
    assert kept["scores"][1] == {
        "name": "Perplexity",
        "protocol": "Per token.",
        "before": None,
        "after": 114.1,
    }


def test_foreign_text_cannot_break_the_cards_markup() -> None:
    card = Provenance("a|b\n# <b>x</b>", "00", 1, ("m`x",), {"modules": "[x](y) | z"})
    lines = model_card("t\n## t", card).splitlines()
    assert "# t ## t" in lines
    assert "| Name | a&#124;b # &lt;b&gt;x&lt;/b&gt; |" in lines
    assert "| modules | &#91;x](y) &#124; z |" in lines
    assert "- `mx`" in lines


def test_selecting_nothing_edited_exports_the_base(tmp_path: Path) -> None:
    loaded = tiny_model("mistral")
    assert select(loaded.modules, "mlp.down_proj@*")
    folder = export_hf(loaded, tmp_path / "out", CARD)
    again = AutoModelForCausalLM.from_pretrained(folder).state_dict()
    assert all(torch.equal(t, again[n]) for n, t in loaded.model.state_dict().items())
