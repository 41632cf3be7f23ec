"""The adapter in PEFT's own hands: the same model at full rank, scored as the session scores, never half-written."""

import json
import threading
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.exports.made import EDITED, kept_session, left_in, logits, moved_editor, rebuilt_from
from tests.models.shared import largest_file, nearly_full
from tests.tiny import tiny_model
from workbench.errors import Cancelled, DiskFull, ExportError, SettingError
from workbench.evaluation.scores import SCORES, Scores
from workbench.exports.adapter import WEIGHTS, adapted, adapter_tensors, write_adapter
from workbench.exports.decomposition import decompose
from workbench.exports.edited import EditedModel
from workbench.exports.lora import AdapterScores, LoraChoice, export_lora, measure_adapter
from workbench.exports.yardstick import prepare_yardstick
from workbench.models.modules import module_of
from workbench.session.folder import Session


def with_peft(base: Any, folder: Path) -> Any:
    from peft import PeftModel

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return PeftModel.from_pretrained(base, str(folder))


@pytest.mark.parametrize("architecture", EDITED)
def test_at_full_rank_peft_gives_the_edited_models_logits(architecture: str, tmp_path: Path) -> None:
    editor = moved_editor(architecture)
    found = decompose(editor)
    write_adapter(tmp_path, found, found.most, "org/base")
    base = tiny_model(architecture)
    unedited = logits(base)
    model = with_peft(base.model, tmp_path)
    assert model.peft_config["default"].fan_in_fan_out is (architecture == "gpt2")
    assert torch.allclose(logits(base), logits(editor.loaded), atol=1e-4)
    assert not torch.allclose(logits(base), unedited, atol=1e-2)
    merged = model.merge_and_unload().state_dict()
    for module in editor.modules:
        wanted = module_of(editor.loaded.model, module).weight
        assert isinstance(wanted, torch.Tensor)
        assert torch.allclose(merged[f"{module.name}.weight"], wanted, atol=1e-5)


def test_bf16_models_get_a_float32_adapter_close_to_them(tmp_path: Path) -> None:
    editor = moved_editor(dtype=torch.bfloat16)
    found = decompose(editor)
    assert {t.dtype for t in adapter_tensors(found, 4).values()} == {torch.float32}
    write_adapter(tmp_path, found, found.most, "org/base")
    edited = logits(editor.loaded).float()
    with adapted(editor, tmp_path) as loaded:
        got = logits(loaded).float()
    assert (got - edited).norm() < 0.02 * edited.norm()


@settings(max_examples=20, deadline=None)
@given(rank=st.integers(1, 40))
def test_the_adapters_product_is_the_truncated_change(rank: int) -> None:
    found = decompose(moved_editor())
    tensors = adapter_tensors(found, rank)
    for part in found.factors:
        a, b = (tensors[f"base_model.model.{part.module.name}.lora_{side}.weight"] for side in ("A", "B"))
        assert a.shape == (rank, part.module.d_in)
        assert b.shape == (part.module.d_out, rank)
        held = (b @ a).double().square().sum() / part.energy
        assert float(held) == pytest.approx(part.kept(rank), abs=1e-5)


def test_the_model_is_as_before_after_peft_had_it(tmp_path: Path) -> None:
    editor = moved_editor("gpt2")
    model = editor.loaded.model
    write_adapter(tmp_path, decompose(editor), 4, "base")
    before, modules = logits(editor.loaded), dict(model.named_modules())
    with adapted(editor, tmp_path):
        assert dict(model.named_modules()).keys() != modules.keys()
    assert dict(model.named_modules()) == modules
    assert torch.equal(logits(editor.loaded), before)
    assert not hasattr(model, "peft_config")
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())


def test_an_adapter_that_peft_reads_otherwise_is_an_error_and_leaves_the_model(tmp_path: Path) -> None:
    editor = moved_editor()
    write_adapter(tmp_path, decompose(editor), 4, "base")
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    config["target_modules"] = [editor.modules[0].name]
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    before, modules = logits(editor.loaded), dict(editor.loaded.model.named_modules())

    def load() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # PEFT's own, of the weights left over
            with adapted(editor, tmp_path):
                pytest.fail("it was taken")

    with pytest.raises(ExportError, match=r"does not read model\.layers\.2"):
        load()
    assert torch.equal(logits(editor.loaded), before)
    assert dict(editor.loaded.model.named_modules()) == modules


@pytest.fixture
def edited(tmp_path: Path) -> Iterator[EditedModel]:
    with Session.open(kept_session(tmp_path / "s.stableedit", step_size=3e-2), read_only=True) as session:
        yield rebuilt_from(session)


def close(one: Scores, other: Scores) -> bool:
    return all(
        getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-3, nan_ok=True) for name in SCORES
    )


def test_scores_are_the_sessions_own_and_full_rank_loses_nothing(edited: EditedModel) -> None:
    kept = {record.step: record.scores for record in edited.session.scores(edited.run.id)}
    yardstick = prepare_yardstick(edited)
    assert (yardstick.unedited, yardstick.edited) == (kept[0], kept[4])
    found = decompose(edited.editor)
    scores = measure_adapter(edited, found, found.most, yardstick)
    assert scores.adapter.facts == 8
    assert close(scores.adapter, kept[4])
    assert scores.adapter.perplexity != pytest.approx(kept[0].perplexity, rel=1e-3)
    assert all(abs(lost) < 0.5 for lost in scores.loss().values() if lost == lost)


def test_a_state_that_was_never_scored_is_scored_now(edited: EditedModel) -> None:
    session = edited.session
    edited.editor.restore()
    halfway = replace(edited, step=session.rewind(edited.editor, step=2).position.step)
    yardstick = prepare_yardstick(halfway)
    assert len(yardstick.facts) == yardstick.edited.facts == yardstick.unedited.facts == 4
    again = yardstick.scores_of(edited.loaded, "again", _no_watch())
    assert close(again, yardstick.edited)


def _no_watch() -> Any:
    from workbench.models.progress import Watch

    return Watch()


def test_loss_is_how_much_worse_the_adapter_is() -> None:
    nan = float("nan")
    one = Scores(0.9, 0.5, 0.1, 0.8, 0.4, nan, 0.7, 20.0, 10, drift=0.125)
    other = replace(one, es=0.6, perplexity=25.0, generated=0.5, drift=0.25)
    lost = AdapterScores(8, one, one, other).loss()
    assert lost["es"] == pytest.approx(0.3)
    assert lost["perplexity"] == pytest.approx(5.0)
    assert lost["drift"] == 0.125
    assert lost["generated"] == pytest.approx(-0.1)
    assert lost["preference"] != lost["preference"]


def test_the_folder_loads_in_peft_and_its_card_tells_energy_and_scores(
    edited: EditedModel, tmp_path: Path
) -> None:
    found = decompose(edited.editor)
    scores = measure_adapter(edited, found, 4, prepare_yardstick(edited))
    written = export_lora(edited, found, 4, tmp_path / "adapter", scores)
    assert written.kept == found.kept(4)
    assert (written.path / WEIGHTS).stat().st_size == pytest.approx(written.bytes, abs=2_000)
    base = tiny_model()
    with_peft(base.model, written.path)
    with adapted(edited.editor, written.path) as loaded:
        assert torch.allclose(logits(base), logits(loaded), atol=1e-5)
    card = (written.path / "README.md").read_text("utf-8")
    assert "library_name: peft" in card
    assert f"{written.kept:.4f}" in card
    assert f"{scores.adapter.perplexity:.4g}" in card
    assert edited.run.model.sha256 in card


def test_scores_of_another_rank_are_not_written(edited: EditedModel, tmp_path: Path) -> None:
    found = decompose(edited.editor)
    scores = measure_adapter(edited, found, 2, prepare_yardstick(edited))
    with pytest.raises(SettingError, match="of rank 2 and not of 4"):
        export_lora(edited, found, 4, tmp_path / "adapter", scores)
    assert not (tmp_path / "adapter").exists()


def test_without_scores_the_card_says_so(edited: EditedModel, tmp_path: Path) -> None:
    export_lora(edited, decompose(edited.editor), 4, tmp_path / "adapter")
    card = (tmp_path / "adapter" / "README.md").read_text("utf-8")
    assert "was not scored" in card
    assert "Not measured." in card


def test_a_full_disk_or_a_stop_leaves_nothing(
    edited: EditedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, place = decompose(edited.editor), tmp_path / "new"
    with largest_file(1_200), pytest.raises(DiskFull, match="ran out of space"):
        export_lora(edited, found, 16, place / "adapter")
    assert not place.exists()
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        export_lora(edited, found, 4, place / "adapter", None, lambda _: cancel.set(), cancel)
    assert not place.exists()
    monkeypatch.setattr("shutil.disk_usage", nearly_full)
    with pytest.raises(DiskFull, match="The adapter needs"):
        export_lora(edited, found, 4, place / "adapter")
    assert not place.exists()


def test_stopping_the_measurement_gives_the_model_back(edited: EditedModel) -> None:
    found, yardstick, cancel = decompose(edited.editor), prepare_yardstick(edited), threading.Event()
    before, modules = logits(edited.loaded), dict(edited.loaded.model.named_modules())
    with pytest.raises(Cancelled):
        measure_adapter(edited, found, 4, yardstick, lambda _: cancel.set(), cancel)
    assert dict(edited.loaded.model.named_modules()) == modules
    assert torch.equal(logits(edited.loaded), before)


def test_a_used_folder_is_refused_and_kept(edited: EditedModel, tmp_path: Path) -> None:
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "mine").write_text("keep")
    with pytest.raises(ExportError, match="not empty"):
        export_lora(edited, decompose(edited.editor), 4, tmp_path / "adapter")
    assert left_in(tmp_path / "adapter") == ["mine"]


def test_choices_are_checked_and_resolved(edited: EditedModel) -> None:
    found = decompose(edited.editor)
    assert LoraChoice(rank=3).rank_in(found) == 3
    assert LoraChoice(energy=1.0).rank_in(found) <= found.most
    assert found.kept(LoraChoice(energy=0.9).rank_in(found)) >= 0.9
    with pytest.raises(SettingError, match="Rank is 0"):
        LoraChoice(rank=0)
    with pytest.raises(SettingError, match=r"Captured energy is 1\.5"):
        LoraChoice(energy=1.5)
    with pytest.raises(SettingError, match="from 1 to 32"):
        LoraChoice(rank=33).rank_in(found)


def test_several_runs_in_one_model_are_scored_on_the_last(edited: EditedModel) -> None:
    from workbench.exports.edited import model_at_hand

    found = model_at_hand(edited.session, edited.editor, [edited.run.id])
    assert (found.run.id, found.step, found.facts) == (edited.run.id, 4, 8)
    assert found.card.edits == 8
    with pytest.raises(ExportError, match="no edits"):
        model_at_hand(edited.session, edited.editor, [])
