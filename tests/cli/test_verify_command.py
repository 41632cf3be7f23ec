"""``workbench verify`` as typed, and what a session that cannot be written or has lost a step says."""

import json
import shutil
from pathlib import Path

import pytest

from tests.session.kept_runs import facts, job, recipe, run_until
from tests.tiny import tiny_model
from workbench.cli import main
from workbench.models.loaded import LoadedModel
from workbench.session.folder import Session


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    loaded = tiny_model()
    loaded.model.save_pretrained(folder)
    loaded.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Path:
    """A run of the model in that folder, stopped after step 3."""
    path = tmp_path_factory.mktemp("session") / "s.stableedit"
    with pytest.MonkeyPatch.context() as patch, Session.create(path) as session:
        patch.setattr("tests.session.kept_runs.tiny_model", lambda: from_disk(model))
        session.set_facts("edit", facts(12))
        run_until(session, recipe(), job(12), 3)
    return path


def from_disk(model: Path) -> LoadedModel:
    from workbench.models.loading import load

    return load(str(model), "cpu")


@pytest.fixture
def session(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "s.stableedit")


def lose_step_3(session: Path) -> None:
    """With the checkpoint that would lead there."""
    for file in session.rglob("run0001-edit000003-*"):
        file.write_bytes(file.read_bytes()[:-1] + b"x")


def test_a_sound_session(session: Path, model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(session), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sound"] is True
    assert (told["faults"], told["runs"], told["states"]) == ([], 1, 0)
    assert main(["verify", str(session), "--model", str(model)]) == 0
    out = capsys.readouterr().out
    assert "All is as it was written." in out
    assert "states rebuilt" in out


def test_a_lost_step_is_named_and_what_is_advised_works(
    session: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lose_step_3(session)
    assert main(["verify", str(session), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    advice = "continue from step 2 with workbench ledger"
    assert told["sound"] is False
    assert all(advice in fault for fault in told["faults"])
    assert main(["resume", str(session), "--model", str(model)]) == 2
    assert "continue from step 2" in capsys.readouterr().err
    branch = ["ledger", str(session), "--branch", "1:2", "--model", str(model), "--device", "cpu", "--json"]
    assert main(branch) == 0
    assert json.loads(capsys.readouterr().out)["facts"] == 12


def test_what_is_no_session_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(tmp_path)]) == 2
    assert "is not a session folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [["resume"], ["ledger", "--rewind", "1:2"], ["ledger", "--branch", "1:2"]]
)
def test_a_session_that_cannot_be_written_is_not_said_to_be_in_use(
    session: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (session / "session.lock").unlink()
    (session / "session.lock").mkdir()  # so that not even root can write it
    assert main([command[0], str(session), *command[1:]]) == 2
    said = capsys.readouterr().err
    assert "is in a place that cannot be written" in said
    assert "in use" not in said
