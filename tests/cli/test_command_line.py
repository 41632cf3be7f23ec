"""The command line as its user types it, on a tiny model in a folder."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.tiny import tiny_model
from workbench.cli import main
from workbench.cli.progress import ProgressLine
from workbench.cli.reading import read_facts
from workbench.facts import Fact, Probe, write_csv
from workbench.session.folder import Session

SMALL = ["--batch", "4", "--warmup-limit", "8", "--step-size", "1e-3", "--protection", "0", "--memory", "1"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    loaded = tiny_model()
    loaded.model.save_pretrained(folder)
    loaded.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    path = tmp_path / "facts.csv"
    write_csv(
        path,
        (
            Fact(f"Town {i} lies in", f"land {i}", old="sea", locality=(Probe(f"River {i} flows to", "sea"),))
            for i in range(40)
        ),
    )
    return path


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("The sea is wide.\nBread and salt were on the table.\n", "utf-8")
    return path


@pytest.fixture
def run(
    model: Path, facts: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """``run`` with the small settings; later options win."""

    def call(*more: str) -> tuple[int, str, str]:
        command = ["run", str(facts), "--model", str(model), "--warmup", str(facts), "--limit", "8", *SMALL]
        command += ["--perplexity-text", str(text), "--session", str(tmp_path / "s.stableedit"), *more]
        code = main(command)
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_warm_up_facts_come_along(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run("--warmup", "general", "--json", "--warmup-limit", "12")
    assert code == 0
    assert json.loads(out)["warmup"]["facts"] == 12


def refusal(code: int, out: str, err: str, *words: str) -> None:
    """Exit 2, nothing on standard output, one sentence on standard error that holds the words."""
    assert code == 2
    assert out == ""
    last = err.strip().splitlines()[-1]
    assert last.startswith("workbench: ")
    assert all(word in last for word in words), last
    assert "Traceback" not in err


def test_run_prints_one_object_and_writes_the_edited_model(
    run: Callable[..., tuple[int, str, str]], model: Path, tmp_path: Path
) -> None:
    code, out, err = run("--json", "--export", str(tmp_path / "edited"))
    assert code == 0, err
    result = json.loads(out)
    assert result["facts"] == 8
    assert result["steps"] == 2
    assert result["warmup"]["facts"] == 8
    assert result["recipe"]["step_size"] == 1e-3
    for moment in ("before", "after"):
        scores = result[moment]
        assert set(scores) >= {"es", "gs", "ls", "exact", "generated", "locality_kept", "perplexity"}
        assert scores["gs"] is None  # these facts have no rephrases
        assert 0 <= scores["es"] <= 1
    answers = result["answers"]
    assert [(a["fact"], a["prompt"]) for a in answers][:2] == [(1, "Town 0 lies in"), (2, "Town 1 lies in")]
    assert sum(a["says_it"] for a in answers) / 8 == result["after"]["generated"]
    assert all(isinstance(a["before"], str) and isinstance(a["after"], str) for a in answers)
    assert all(a["state"] == "says it" for a in answers if a["says_it"])
    assert answers[0]["after_chat"] is answers[0]["says_it_chat"] is None  # this model has no chat template
    modules = result["stability"]
    assert all(name.startswith("model.layers.") for name in modules)
    assert all(
        len(m["shift_norm"]) == len(m["weight_drift"]) == len(m["cosine"]) == 2 for m in modules.values()
    )
    assert len(result["retention"][-1]["es"]) == 2
    edited = AutoModelForCausalLM.from_pretrained(result["export"]).state_dict()
    base = AutoModelForCausalLM.from_pretrained(model).state_dict()
    assert {n for n in base if not torch.equal(base[n], edited[n])} == {f"{name}.weight" for name in modules}
    card = (tmp_path / "edited" / "README.md").read_text("utf-8")
    assert "8 facts" in card
    assert "step_size" in card


def test_a_session_exports_the_same_model_again(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--json", "--export", str(tmp_path / "first"))[0] == 0
    code = main(
        ["export", str(tmp_path / "s.stableedit"), "--format", "hf", "--out", str(tmp_path / "second")]
    )
    assert code == 0, capsys.readouterr().err
    a, b = (
        AutoModelForCausalLM.from_pretrained(tmp_path / name).state_dict() for name in ("first", "second")
    )
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_evaluate_compares_with_the_baseline(
    run: Callable[..., tuple[int, str, str]],
    model: Path,
    facts: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = json.loads(run("--json", "--export", str(tmp_path / "edited"))[1])
    evaluate = ["evaluate", str(facts), "--model", str(tmp_path / "edited"), "--limit", "8", "--json"]
    assert main([*evaluate, "--baseline", str(model)]) == 0
    scored = json.loads(capsys.readouterr().out)
    for name in ("es", "locality_kept", "exact"):
        assert scored["after"][name] == pytest.approx(told["after"][name])
        assert scored["before"][name] == pytest.approx(told["before"][name])
    assert main(evaluate) == 0
    alone = json.loads(capsys.readouterr().out)
    assert alone["before"] is None
    assert alone["after"]["locality_kept"] is None


def test_portability_is_shown_by_group(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = (Probe("Who lives there?", "nobody", "Reasoning"), Probe("Where?", "there", "Subject_Aliasing"))
    write_csv(tmp_path / "facts.csv", [Fact("Town 1 lies in", "land", portability=asked)])
    evaluate = ["evaluate", str(tmp_path / "facts.csv"), "--model", str(model), "--baseline", str(model)]
    assert main([*evaluate, "--json"]) == 0
    scored = json.loads(capsys.readouterr().out)
    assert set(scored["after"]["portability_groups"]) == {"Reasoning", "Subject_Aliasing"}
    assert scored["before"]["portability_groups"] == scored["after"]["portability_groups"]
    assert main(evaluate) == 0
    lines = capsys.readouterr().out.splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith("Portability "))
    assert [line.split()[0] for line in lines[place + 1 : place + 3]] == ["Reasoning", "Subject"]
    assert lines[place + 1].split()[1] == f"{scored['after']['portability_groups']['Reasoning']:.3f}"


def test_without_json_a_person_reads_scores_before_and_after(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    code, out, _ = run()
    assert code == 0
    assert "unedited" in out
    assert "Efficacy (ES)" in out
    assert "s.stableedit" in out


def test_a_warm_up_too_small_for_whitening_says_what_happens_instead(
    run: Callable[..., tuple[int, str, str]],
) -> None:
    code, _, err = run("--warmup-limit", "1")
    assert code == 0
    assert "full whitening needs 34" in err
    assert "diagonal" in err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--step-size", "0"], ["Step size", "above 0"]),
        (["--step-size", "nan"], ["Step size", "nan"]),
        (["--modules", "model.layers.9.mlp.down_proj"], ["model.layers.9", "matches no editable module"]),
        (["--recipe", "stabledit"], ["no recipe", "stableedit"]),
        (["--preset", "llama"], ["no preset", "llama-3-8b"]),
        (["--preset", "llama-3-8b"], ["llama-3-8b is for models of another shape"]),
        (["--model", "no/such-model"], ["no/such-model"]),
        (["--model", "missing-folder"], ["missing-folder"]),
        (["--limit", "0"], ["--limit"]),
        (["--offset", "-1"], ["--offset"]),
        (["--offset", "1000"], ["--offset", "facts: give less"]),
    ],
)
def test_bad_settings_are_refused_before_anything_is_written(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, options: list[str], words: list[str]
) -> None:
    refusal(*run(*options), *words)
    assert not (tmp_path / "s.stableedit").exists()


BAD_FACTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "header only": (b"prompt,target\n", "facts.csv"),
    "wrong columns": (b"a,b\n1,2\n", "column"),
    "no target": (b"prompt,target\nTown lies in,\n", "no fact"),
    "binary": (b"\x00\x01\x02\x00" * 50, "facts.csv"),
}


@pytest.mark.parametrize("case", BAD_FACTS)
def test_bad_fact_files_are_refused(
    run: Callable[..., tuple[int, str, str]], facts: Path, tmp_path: Path, case: str
) -> None:
    content, word = BAD_FACTS[case]
    facts.write_bytes(content)
    refusal(*run(), word)
    assert not (tmp_path / "s.stableedit").exists()


def test_a_missing_fact_file_is_named(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["run", str(tmp_path / "none.csv"), "--model", str(model)])
    refusal(code, *capsys.readouterr(), "none.csv")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig"])
def test_other_encodings_are_read(
    run: Callable[..., tuple[int, str, str]], facts: Path, encoding: str
) -> None:
    rows = "".join(f"Café {i} lies in,Zürich\n" for i in range(8))
    facts.write_bytes(f"prompt,target\n{rows}".encode(encoding))
    code, out, err = run("--json")
    assert code == 0, err
    assert json.loads(out)["facts"] == 8


def test_a_fact_beyond_the_window_is_named(
    run: Callable[..., tuple[int, str, str]], facts: Path, tmp_path: Path
) -> None:
    facts.write_text(f"prompt,target\nTown lies in,land\n{'far ' * 100}is,land\n", "utf-8")
    refusal(*run("--warmup-mode", "none"), "far far", "256", "fact 2", "--skip-unfit")
    assert not (tmp_path / "s.stableedit").exists()


def test_all_facts_beyond_the_window_are_named_and_can_be_left_out(
    run: Callable[..., tuple[int, str, str]], facts: Path, tmp_path: Path
) -> None:
    rows = "".join(f"Town {i} lies in,land {i}{' far' * 100 * (i in (1, 4))}\n" for i in range(8))
    facts.write_text(f"prompt,target\n{rows}", "utf-8")
    code, _, err = run()
    assert code == 2
    assert "2 of 8 facts cannot be used with this model" in err
    assert "2 of 8 warm-up facts" in err
    assert all(f"fact {number}: the fact “Town {number - 1} lies in” takes" in err for number in (2, 5))
    assert not (tmp_path / "s.stableedit").exists()
    code, out, err = run("--skip-unfit", "--json")
    assert code == 0, err
    assert json.loads(out)["facts"] == 6
    assert "Left out: 2 of 8 facts" in err


def test_nothing_left_to_edit_is_said(
    run: Callable[..., tuple[int, str, str]], facts: Path, tmp_path: Path
) -> None:
    facts.write_text(f"prompt,target\n{'far ' * 100}is,land\n", "utf-8")
    refusal(*run("--skip-unfit"), "No fact is left")
    assert not (tmp_path / "s.stableedit").exists()


def test_a_session_without_a_run_takes_one_and_keeps_its_facts(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "s.stableedit"
    own = Fact("What I typed is", "kept")
    with Session.create(path) as session:
        session.set_facts("edit", [own])
    assert main(["resume", str(path)]) == 2
    assert f"workbench run FACTS --model M --session {path}" in capsys.readouterr().err
    code, out, err = run("--json")
    assert code == 0, err
    with Session.open(path) as session:
        held = session.facts("edit")
        assert held[0] == own
        assert len(held) == 1 + json.loads(out)["facts"] == 9
        assert own not in session.job(session.run().id).facts


def test_a_pickled_checkpoint_is_refused(run: Callable[..., tuple[int, str, str]], model: Path) -> None:
    (model / "model.safetensors").rename(model / "pytorch_model.bin")
    refusal(*run(), "safetensors")


def test_a_folder_in_use_is_not_exported_over(
    run: Callable[..., tuple[int, str, str]], model: Path, tmp_path: Path
) -> None:
    before = sorted(p.name for p in model.iterdir())
    refusal(*run("--export", str(model)), "not empty")
    assert sorted(p.name for p in model.iterdir()) == before
    assert not (tmp_path / "s.stableedit").exists()


def test_a_session_is_not_overwritten(run: Callable[..., tuple[int, str, str]]) -> None:
    assert run()[0] == 0
    refusal(*run(), "session already")


def test_models_lists_presets_and_recipes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    assert "starter" in out
    assert "llama-3-8b" in out
    assert "stableedit-memory" in out
    assert main(["models", "--json"]) == 0
    assert {"starter", "cached", "presets", "recipes"} <= json.loads(capsys.readouterr().out).keys()


def interrupted(command: list[str], at: str) -> tuple[int, str, str]:
    """Ctrl-C as soon as standard error holds ``at``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "workbench", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    assert process.stderr is not None
    told = []
    for line in process.stderr:
        told.append(line)
        if at in line:
            process.send_signal(signal.SIGINT)
            break
    out, err = process.communicate(timeout=120)
    return process.returncode, out, "".join(told) + err


def as_weights(folder: Path) -> dict[str, torch.Tensor]:
    state: dict[str, Any] = AutoModelForCausalLM.from_pretrained(folder).state_dict()
    return state


def test_an_interrupted_run_keeps_its_steps_and_goes_on_to_the_same_model(
    model: Path,
    facts: Path,
    text: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    session = tmp_path / "cut.stableedit"
    command = ["run", str(facts), "--model", str(model), "--warmup", str(facts), *SMALL, "--batch", "1"]
    command += ["--perplexity-text", str(text), "--session", str(session)]
    code, _, err = interrupted(command, "Editing: ")
    assert code == 130, err
    assert str(session) in err.splitlines()[-1]
    assert "Traceback" not in err
    assert main(["resume", str(session), "--json"]) == 0
    resumed_run = json.loads(capsys.readouterr().out)
    assert resumed_run["facts"] == len(resumed_run["answers"]) == 40
    assert {answer["state"] for answer in resumed_run["answers"]}.isdisjoint({"new", "edited"})
    assert main(["export", str(session), "--out", str(tmp_path / "resumed")]) == 0
    capsys.readouterr()
    assert main([*command[:-1], str(tmp_path / "whole.stableedit"), "--export", str(tmp_path / "whole")]) == 0
    resumed, whole = as_weights(tmp_path / "resumed"), as_weights(tmp_path / "whole")
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)


def test_an_offset_leaves_out_the_first_facts(facts: Path) -> None:
    with ProgressLine() as line:
        whole = read_facts(facts, line, None)
        assert read_facts(facts, line, 3, offset=2) == whole[2:5]
        assert read_facts(facts, line, None, offset=2) == whole[2:]
