"""What people made with the first version still opens, rewinds, replays and gives the same weights."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from workbench.editing.run import Run
from workbench.exports.applying import apply_delta
from workbench.exports.delta_file import open_delta
from workbench.models.loaded import LoadedModel
from workbench.models.loading import load
from workbench.session.folder import Session


@pytest.fixture
def first(shared_data: Path, tmp_path: Path) -> Path:
    """A copy that may be written to."""
    if not (shared_data / "first").is_dir():
        pytest.skip(f"no session of the first version at {shared_data}")
    for name in ("first.stableedit", "model", "lora"):
        shutil.copytree(shared_data / "first" / name, tmp_path / name, copy_function=shutil.copyfile)
        for path in (tmp_path / name, *(tmp_path / name).rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
    return tmp_path


@pytest.fixture
def model(first: Path) -> LoadedModel:
    return load(str(first / "model"), device="cpu", dtype="float32")


@pytest.fixture
def edited(shared_data: Path) -> dict[str, torch.Tensor]:
    return load_file(shared_data / "first" / "edited" / "model.safetensors")


def assert_weights(loaded: LoadedModel, wanted: dict[str, torch.Tensor]) -> None:
    state = loaded.model.state_dict()
    assert [name for name, tensor in wanted.items() if not torch.equal(state[name], tensor)] == []


def test_its_session_opens_and_goes_to_every_step(
    first: Path, model: LoadedModel, edited: dict[str, torch.Tensor]
) -> None:
    with Session.open(first / "first.stableedit") as session:
        record = session.run(1)
        assert (record.recipe.ending, record.recipe.form) == ("none", "plain")
        editor = session.rebuild(model, 1, record.steps_done).editor  # from its checkpoint
        assert_weights(model, edited)
        for step in range(record.steps_done + 1):  # other processors round otherwise on the way
            session.rebuild(editor, 1, step)
        assert_weights(model, edited)


def test_its_run_is_replayed_without_a_fact(first: Path, model: LoadedModel) -> None:
    with Session.open(first / "first.stableedit") as session:
        going = session.replay_without(model, 1, [1])
        for _ in Run(going.editor, going.job, sink=going.recorder, done=going.done).events():
            pass
        replayed = session.run(going.recorder.run)
        assert replayed.reason == "finished"
        assert replayed.facts == session.run(1).facts - 1


def test_its_delta_leads_to_its_weights(
    shared_data: Path, first: Path, model: LoadedModel, edited: dict[str, torch.Tensor]
) -> None:
    out = first / "applied"
    apply_delta(open_delta(shared_data / "first" / "delta"), model, out)
    written = load_file(out / "model.safetensors")
    assert [name for name, tensor in edited.items() if not torch.equal(written[name], tensor)] == []


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # peft asks for it
def test_its_adapter_loads(first: Path, model: LoadedModel) -> None:
    from peft import PeftModel

    before = model.model.get_input_embeddings()
    adapted = PeftModel.from_pretrained(model.model, first / "lora")
    assert adapted.peft_config["default"].peft_type == "LORA"
    assert adapted.get_input_embeddings() is before
