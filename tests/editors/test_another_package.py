"""The house is open: an editor of another package runs everywhere, and nothing of the workbench names it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.editors.another_package import NudgeSettings, installed
from tests.session.kept_runs import copied
from tests.tiny import tiny_model
from workbench.cli import main
from workbench.editing import kinds as registry
from workbench.editing.control import Control
from workbench.editing.run import Run
from workbench.models.loading import load
from workbench.session.folder import Session

FACTS = "prompt,target\n" + "".join(f"Thing {i} is,red\n" for i in range(6))


@pytest.fixture(autouse=True)
def another_package() -> Iterator[None]:
    with installed():
        yield


@pytest.fixture
def model(tmp_path: Path) -> Path:
    loaded = tiny_model()
    loaded.model.save_pretrained(tmp_path / "model")
    loaded.tokenizer.save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def test_command_line_session_and_replay(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts, session = tmp_path / "facts.csv", tmp_path / "s.stableedit"
    facts.write_text(FACTS)
    run = [
        "run",
        str(facts),
        "--model",
        str(model),
        "--recipe",
        "nudge",
        "--set",
        "length=0.002",
        "--batch",
        "2",
    ]
    run += ["--modules", "mlp.down_proj@1-2", "--session", str(session), "--ordinary-text", str(facts)]
    assert main([*run, "--perplexity-text", str(facts), "--export", str(tmp_path / "out"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["recipe"]["method"] == {"length": 0.002}
    assert (tmp_path / "out" / "model.safetensors").exists()
    for command in (["ledger", str(session)], ["compare", str(session)], ["verify", str(session)]):
        assert main(command) == 0
    capsys.readouterr()
    with Session.open(session) as kept:
        assert kept.run(1).recipe.method == NudgeSettings(0.002)
        whole = kept.rebuild(load(str(model)), 1)
        assert whole.bit_equal
        assert not kept.rebuild(load(str(model)), 1, 0).editor.model.is_edited
        going = kept.replay_without(load(str(model)), 1, [2])
        list(Run(going.editor, going.job, Control(), going.recorder, going.done).events())
        assert kept.run(2).facts == 5
        fresh = kept.rebuild(load(str(model)), 2)
        assert any(
            not torch.equal(tensor, copied(whole.editor)[key]) for key, tensor in copied(fresh.editor).items()
        )


@pytest.mark.parametrize(
    ("given", "said"),
    [("speed=1", "has no setting speed"), ("length", "give a name and a value"), ("length=7", "Nudge is 7")],
)
def test_a_wrong_setting_is_refused_before_any_model_is_looked_for(
    given: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = tmp_path / "facts.csv"
    facts.write_text(FACTS)
    assert main(["run", str(facts), "--model", "nowhere", "--recipe", "nudge", "--set", given]) != 0
    assert said in capsys.readouterr().err


def test_nothing_of_the_workbench_names_it() -> None:
    root = Path(registry.__file__).parents[1]
    assert not [path for path in root.rglob("*.py") if "nudge" in path.read_text("utf-8").lower()]


@pytest.mark.parametrize("attribute", ["NOT_THERE", "NudgeSettings"])
def test_a_package_that_is_broken_leaves_the_others(attribute: str) -> None:
    with installed(attribute):
        assert "nudge" not in registry.kinds()
        assert {"stableedit", "memit"} <= registry.kinds().keys()
