"""``workbench calibrate`` and ``workbench experiment claims`` as their user types them, on a tiny model."""

import json
import math
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.studies.made_up import TEXTS, facts
from tests.tiny import tiny_model
from workbench.cli import main, parser
from workbench.cli.options import given_settings
from workbench.editing.recipes import recipe_named
from workbench.facts import write_csv
from workbench.studies.calibration import calibration_from
from workbench.studies.front import hypervolume

Command = Callable[..., tuple[int, str, str]]
SMALL = [
    "--batch",
    "4",
    "--minibatch",
    "4",
    "--step-size",
    "3e-2",
    "--warmup-limit",
    "100",
    "--shift-cap",
    "0",
]


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command on the tiny model in a folder, in which the files of facts lie."""
    loaded = tiny_model()
    loaded.model.save_pretrained(tmp_path / "model")
    loaded.tokenizer.save_pretrained(tmp_path / "model")
    write_csv(tmp_path / "facts.csv", iter(facts(20)))
    write_csv(tmp_path / "warmup.csv", iter(facts(40, 100)))
    (tmp_path / "text.txt").write_text("\n".join(TEXTS))

    def run(*command: str) -> tuple[int, str, str]:
        text = [
            "--perplexity-text",
            str(tmp_path / "text.txt"),
            "--ordinary-text",
            str(tmp_path / "text.txt"),
        ]
        code = main([*command, "--model", str(tmp_path / "model"), "--device", "cpu", *text])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def calibrate(call: Command, tmp_path: Path, *more: str, minutes: str = "1e-6") -> tuple[int, str, str]:
    return call("calibrate", str(tmp_path / "warmup.csv"), "--minutes", minutes, *SMALL, *more)


def claims(call: Command, tmp_path: Path, *more: str) -> tuple[int, str, str]:
    warmup = ["--warmup", str(tmp_path / "warmup.csv"), "--out", str(tmp_path / "claims")]
    size = ["--steps", "4", "--seeds", "1"]
    return call("experiment", "claims", str(tmp_path / "facts.csv"), *warmup, *SMALL, *size, *more)


def test_calibrate_prints_the_points_and_the_command_to_edit_with(call: Command, tmp_path: Path) -> None:
    code, out, err = calibrate(call, tmp_path, "--out", str(tmp_path / "found.json"))
    assert code == 0
    assert "Your settings" in out
    assert "hypervolume" in out
    assert "24 facts for statistics, 8 to edit in every trial, 8 held out" in err
    assert "longer than the time of 1 s; they are measured all the same" in err
    result = calibration_from(json.loads((tmp_path / "found.json").read_text()))
    assert [p.kind for p in result.points] == ["choice"]  # the budget cuts all others
    assert result.chosen_point is not None
    command = shlex.split(out[out.index("workbench run") :].splitlines()[0])[1:]
    given = parser().parse_args(command)
    recipe = recipe_named(given.recipe).with_(**given_settings(given))
    assert recipe.with_(name="") == result.chosen_point.recipe.with_(name="")


def test_calibrate_json_is_one_object_with_the_hypervolume_of_its_front(
    call: Command, tmp_path: Path
) -> None:
    code, out, _ = calibrate(call, tmp_path, "--json", "--seed", "5")
    data = json.loads(out)
    result = calibration_from(data)
    assert code == 0
    assert data["settings"] == {"minutes": 1e-6, "seed": 5}
    assert "perplexity 2 ×" in data["reference"]
    assert data["hypervolume"] == pytest.approx(hypervolume([result.points[i].outcome for i in result.front]))


def test_a_grid_measures_all_of_its_points_whatever_the_budget(call: Command, tmp_path: Path) -> None:
    code, out, _ = calibrate(call, tmp_path, "--json", "--grid")
    result = calibration_from(json.loads(out))
    measured = [p.recipe for p in result.points if p.kind == "grid"]
    assert code == 0
    assert len(measured) == len(set(measured)) == 15
    best = max((p.success for p in result.points if not math.isnan(p.success)), default=0.0)
    assert best > result.unedited_success


def test_facts_to_be_edited_are_left_out(call: Command, tmp_path: Path) -> None:
    _, out, _ = calibrate(call, tmp_path, "--json", "--edits", str(tmp_path / "warmup.csv"), "--limit", "20")
    assert out == ""
    code, _, err = calibrate(call, tmp_path, "--edits", str(tmp_path / "warmup.csv"))
    assert code == 2
    assert "needs at least 12 warm-up facts" in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--minutes", "0"], "Time is 0"),
        (["--ridge", "-1"], "Ridge is -1"),
        (["--out", "/no/such/folder/found.json"], "does not exist"),
        (["--recipe", "stabledit"], "stableedit"),
    ],
)
def test_what_cannot_be_used_is_refused_before_the_model_is_loaded(
    call: Command, tmp_path: Path, more: list[str], words: str
) -> None:
    code, out, err = calibrate(call, tmp_path, *more)
    assert (code, out) == (2, "")
    assert words in err.splitlines()[-1]
    assert "parameters" not in err


def test_claims_says_of_each_whether_it_held_and_by_which_rule(call: Command, tmp_path: Path) -> None:
    code, out, err = claims(call, tmp_path)
    told = " ".join(out.split())
    assert code == 0
    assert told.count("Rule:") == 9
    assert "eld on 1 seed" in told or "id not hold on 1 seed" in told
    assert "Full whitening, seed 0" in err

    code, out, err = claims(call, tmp_path, "--json")
    data = json.loads(out)
    assert code == 0
    assert "saved before" in err
    assert len(data["runs"]) == len(data["variants"]) == 8
    assert {c["verdict"] for c in data["claims"]} <= {"held", "did not hold"}
    assert data["reference"]["batch"] == 4
    assert list(data["matched_step_sizes"]) == ["0"]


def test_claims_needs_enough_facts(call: Command, tmp_path: Path) -> None:
    code, out, err = claims(call, tmp_path, "--steps", "6")
    assert (code, out) == (2, "")
    assert "6 steps of 4 need 24 facts" in err.splitlines()[-1]
    code, _, err = claims(call, tmp_path, "--steps", "1")
    assert code == 2
    assert "Steps is 1" in err.splitlines()[-1]
