"""A delta holds what changed and nothing else, and its base becomes the edited model again, bit for bit."""

import json
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from tests.exports.made import EDITED, left_in, moved_editor
from tests.models.shared import CARD, largest_file, nearly_full
from tests.tiny import tiny_model
from workbench.errors import Cancelled, DiskFull, ExportError, InputError
from workbench.exports.applying import apply_delta
from workbench.exports.delta import SUFFIX, write_delta
from workbench.exports.delta_file import open_delta
from workbench.models.loaded import LoadedModel


def state(loaded: LoadedModel) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in loaded.model.state_dict().items()}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("architecture", EDITED)
def test_base_and_delta_are_the_edited_model_bit_for_bit(
    architecture: str, dtype: torch.dtype, tmp_path: Path
) -> None:
    editor = moved_editor(architecture, dtype)
    wanted = state(editor.loaded)
    delta = open_delta(write_delta(editor, tmp_path / f"x{SUFFIX}", CARD))
    folder = apply_delta(delta, tiny_model(architecture, dtype=dtype), tmp_path / "out")
    written = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    again = written.state_dict()
    assert again.keys() == wanted.keys()
    assert [name for name in wanted if not torch.equal(again[name], wanted[name])] == []
    assert again[f"{editor.modules[0].name}.weight"].dtype == dtype
    assert written.config.tie_word_embeddings == editor.loaded.model.config.tie_word_embeddings


def test_only_modules_that_changed_are_in_it(tmp_path: Path) -> None:
    editor = moved_editor()
    first, second = editor.modules
    editor.model.delta()[first.name].zero_()
    editor.model.write_weights()
    path = write_delta(editor, tmp_path / f"x{SUFFIX}", CARD)
    assert list(load_file(path)) == [f"{second.name}.weight"]
    whole = sum(p.numel() * 4 for p in editor.loaded.model.parameters())
    assert path.stat().st_size < second.d_in * second.d_out * 4 + 8_000 < whole


def test_the_header_says_base_modules_recipe_edits_and_scores(tmp_path: Path) -> None:
    editor = moved_editor()
    path = write_delta(editor, tmp_path / f"x{SUFFIX}", CARD)
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    assert metadata["base_sha256"] == editor.loaded.sha256
    told = json.loads(metadata["provenance"])
    assert told["edits"] == 1234
    assert told["recipe"]["step_size"] == 5e-4
    assert told["scores"][0]["protocol"].startswith("Share of answer tokens")
    read = open_delta(path).provenance
    assert read.scores[0] == CARD.scores[0]
    assert (read.base, read.edits, read.warmup, list(read.modules)) == (
        CARD.base,
        CARD.edits,
        CARD.warmup,
        list(CARD.modules),
    )


def test_the_applied_model_tells_where_it_comes_from(tmp_path: Path) -> None:
    delta = open_delta(write_delta(moved_editor(), tmp_path / "x.safetensors", CARD))
    text = (apply_delta(delta, tiny_model(), tmp_path / "out") / "README.md").read_text("utf-8")
    assert "applying x.safetensors" in text
    assert "1,234 facts" in text
    assert "0.663" in text


def test_an_unedited_model_has_no_delta(tmp_path: Path) -> None:
    editor = moved_editor()
    editor.restore()
    with pytest.raises(ExportError, match="no edits"):
        write_delta(editor, tmp_path / "x", CARD)
    assert left_in(tmp_path) == []


def test_another_base_is_refused_with_both_hashes(tmp_path: Path) -> None:
    delta = open_delta(write_delta(moved_editor(), tmp_path / "x", CARD))
    other = tiny_model(seed=5)
    before = state(other)
    with pytest.raises(InputError, match=f"{'0' * 12}….*{'0' * 11}") as raised:
        apply_delta(delta, other, tmp_path / "out")
    assert other.sha256[:12] in str(raised.value)
    assert left_in(tmp_path) == ["x"]
    assert all(torch.equal(t, before[n]) for n, t in state(other).items())


def test_a_base_in_another_number_format_is_refused(tmp_path: Path) -> None:
    delta = open_delta(write_delta(moved_editor(), tmp_path / "x", CARD))
    with pytest.raises(InputError, match="load it in float32"):
        apply_delta(delta, tiny_model(dtype=torch.bfloat16), tmp_path / "out")


def rewritten(
    path: Path,
    tensors: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]] = lambda t: t,
    **metadata: str | None,
) -> Path:
    with safe_open(path, "pt") as file:
        kept = file.metadata() | metadata
    changed = tensors(load_file(path))
    save_file(changed, path, {name: value for name, value in kept.items() if value is not None})
    return path


def header(length: int, content: bytes = b"{}") -> bytes:
    return struct.pack("<Q", length) + content


def renamed(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"../../{name}": tensor for name, tensor in tensors.items()}


HOSTILE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "text": (lambda p: p.write_text("not a delta at all"), "no delta"),
    "empty": (lambda p: p.write_bytes(b""), "no delta"),
    "huge header": (lambda p: p.write_bytes(header(1 << 60) + b" " * 100), "no delta"),
    "header beyond the file": (lambda p: p.write_bytes(header(5_000)), "no delta"),
    "broken header": (lambda p: p.write_bytes(header(4, b"{{{{")), "no delta"),
    "other tensors": (lambda p: save_file({"a": torch.zeros(2)}, p), "no delta"),
    "newer": (lambda p: rewritten(p, version="2"), "version '2'"),
    "no hash": (lambda p: rewritten(p, base_sha256="../x"), "base_sha256"),
    "no origin": (lambda p: rewritten(p, provenance="[]"), "origin"),
    "nested origin": (lambda p: rewritten(p, provenance="[" * 9_000), "origin"),
    "other dtype": (lambda p: rewritten(p, dtype="bfloat16"), "header"),
    "unknown module": (lambda p: rewritten(p, renamed), "does not have"),
    "wrong shape": (lambda p: rewritten(p, lambda t: {n: w[:2].clone() for n, w in t.items()}), "of shape"),
    "turned bits": (lambda p: rewritten(p, lambda t: {n: -w for n, w in t.items()}), "SHA-256"),
    "cut off": (lambda p: p.write_bytes(p.read_bytes()[:-40]), "no delta"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_a_sentence_and_writes_nothing(case: str, tmp_path: Path) -> None:
    path = write_delta(moved_editor(), tmp_path / "x", CARD)
    spoil, word = HOSTILE[case]
    spoil(path)
    base = tiny_model()
    before = state(base)
    with pytest.raises(InputError, match=word):
        apply_delta(open_delta(path), base, tmp_path / "out")
    assert left_in(tmp_path) == ["x"]
    assert all(torch.equal(t, before[n]) for n, t in state(base).items())


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    editor = moved_editor()
    next(iter(editor.model.delta().values()))[0, 0] = float("nan")
    editor.model.write_weights()
    path = write_delta(editor, tmp_path / "x", CARD)
    with pytest.raises(InputError, match="not finite"):
        apply_delta(open_delta(path), tiny_model(), tmp_path / "out")


def test_a_folder_or_nothing_is_no_delta(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match="is no file"):
            open_delta(path)


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")
    with pytest.raises(ExportError, match="exists already"):
        write_delta(moved_editor(), tmp_path / "mine", CARD)
    with pytest.raises(ExportError, match="is a folder"):
        write_delta(moved_editor(), tmp_path, CARD)
    assert (tmp_path / "mine").read_text() == "keep"
    with pytest.raises(ExportError, match="cannot be written"):
        write_delta(moved_editor(), tmp_path / "mine" / "x", CARD)
    assert left_in(tmp_path) == ["mine"]


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with largest_file(4_000), pytest.raises(DiskFull, match="ran out of space"):
        write_delta(moved_editor(), tmp_path / "new" / "x", CARD)
    assert left_in(tmp_path) == []
    monkeypatch.setattr("shutil.disk_usage", nearly_full)
    with pytest.raises(DiskFull, match="The delta needs"):
        write_delta(moved_editor(), tmp_path / "new" / "x", CARD)
    assert left_in(tmp_path) == []


def test_stopping_leaves_nothing(tmp_path: Path) -> None:
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        write_delta(moved_editor(), tmp_path / "x", CARD, lambda _: cancel.set(), cancel)
    assert left_in(tmp_path) == []


def test_others_may_read_it_as_any_new_file(tmp_path: Path) -> None:
    path = write_delta(moved_editor(), tmp_path / "x", CARD)
    (tmp_path / "plain").touch()
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode
