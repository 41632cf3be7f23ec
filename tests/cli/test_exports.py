"""The four exports and apply, as typed."""

import csv
import json
import shutil
import sqlite3
import warnings
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from tests.tiny import tiny_model
from workbench.cli import main
from workbench.facts import Fact, Probe, write_csv
from workbench.models.loading import load

Cli = Callable[..., tuple[int, str, str]]
SMALL = ["--batch", "4", "--warmup-limit", "8", "--step-size", "1e-2", "--protection", "0", "--memory", "1"]


def save(folder: Path, seed: int = 0) -> Path:
    loaded = tiny_model(seed=seed)
    loaded.model.save_pretrained(folder)
    loaded.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def model(place: Path) -> Path:
    return save(place / "model")


@pytest.fixture(scope="module")
def session(place: Path, model: Path) -> Path:
    """A run of eight facts whose whole export lies beside it as ``whole``."""
    facts, text, path = place / "facts.csv", place / "text.txt", place / "s.stableedit"
    text.write_text("The sea is wide.\nBread and salt were on the table.\n", "utf-8")
    known = (Probe("River flows to", "sea"),)
    write_csv(facts, (Fact(f"Town {i} lies in", f"land {i}", old="sea", locality=known) for i in range(8)))
    command = [
        "run",
        str(facts),
        "--model",
        str(model),
        "--warmup",
        str(facts),
        *SMALL,
        "--session",
        str(path),
    ]
    assert main([*command, "--perplexity-text", str(text), "--export", str(place / "whole")]) == 0
    return path


@pytest.fixture
def cli(session: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    def call(command: Sequence[object]) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            code = main([str(part) for part in command])
        except SystemExit as stop:  # argparse
            code = int(stop.code or 0)
        return code, *capsys.readouterr()

    assert session.is_dir()
    return call


def refused(told: tuple[int, str, str], *words: str) -> None:
    code, out, err = told
    assert (code, out) == (2, ""), err
    assert all(word in err.splitlines()[-1] for word in words), err
    assert "Traceback" not in err


def state(folder: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = AutoModelForCausalLM.from_pretrained(folder).state_dict()
    return found


def test_a_base_that_moved_is_asked_for_and_taken_from_where_it_is(
    cli: Cli, session: Path, model: Path, place: Path, tmp_path: Path
) -> None:
    command = ["export", session, "--format", "delta", "--out", tmp_path / "x.delta.safetensors"]
    moved = model.rename(place / "elsewhere")
    try:
        refused(cli(command), "where it was", "--model")
        assert cli([*command, "--model", moved])[0] == 0
    finally:
        moved.rename(model)


@pytest.mark.parametrize("command", ["export", "resume", "branch", "apply"])
def test_a_hash_that_is_remembered_is_no_proof_of_the_base(
    cli: Cli, session: Path, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    delta, other = tmp_path / "x.delta.safetensors", save(tmp_path / "other", seed=1)
    assert cli(["export", session, "--format", "delta", "--out", delta])[0] == 0
    stopped = shutil.copytree(session, tmp_path / "stopped")
    with closing(sqlite3.connect(stopped / "session.db", isolation_level=None)) as database:
        database.execute("UPDATE run SET reason = 'stopped'")
    remember(load(str(model)).sha256, other, tmp_path / "cache")
    commands: dict[str, list[object]] = {
        "export": ["export", stopped, "--out", tmp_path / "out"],
        "resume": ["resume", stopped],
        "branch": ["ledger", stopped, "--branch", "1:1"],
        "apply": ["apply", delta, "--out", tmp_path / "out"],
    }
    refused(cli([*commands[command], "--model", other]), "SHA-256")


def remember(sha256: str, model: Path, cache: Path) -> None:
    """The cache says from now on that the model has this hash."""
    right, known = load(str(model)).sha256, next(cache.rglob("hashes.json"))
    known.write_text(known.read_text("utf-8").replace(right, sha256), "utf-8")
    assert load(str(model)).sha256 == sha256


def test_a_delta_applied_is_the_model_that_the_run_exported(
    cli: Cli, session: Path, model: Path, place: Path, tmp_path: Path
) -> None:
    delta = tmp_path / "x.delta.safetensors"
    code, out, err = cli(["export", session, "--format", "delta", "--out", delta, "--json"])
    assert code == 0, err
    told = json.loads(out)
    assert told["format"] == "delta"
    assert told["facts"] == 8
    assert told["bytes"] == delta.stat().st_size
    code, out, err = cli(["apply", delta, "--model", model, "--out", tmp_path / "applied"])
    assert code == 0, err
    assert out.strip() == str(tmp_path / "applied")
    wanted, got = state(place / "whole"), state(tmp_path / "applied")
    assert all(torch.equal(got[name], wanted[name]) for name in wanted)
    assert set(load_file(delta)) == {n for n, t in state(model).items() if not torch.equal(t, wanted[n])}


def test_apply_refuses_another_base_and_files_that_are_none(
    cli: Cli, session: Path, model: Path, tmp_path: Path
) -> None:
    delta, other = tmp_path / "x.delta.safetensors", save(tmp_path / "other", seed=3)
    assert cli(["export", session, "--format", "delta", "--out", delta])[0] == 0
    before = sorted(tmp_path.iterdir())
    refused(cli(["apply", delta, "--model", other, "--out", tmp_path / "out"]), "SHA-256", "…")
    refused(
        cli(["apply", model / "model.safetensors", "--model", model, "--out", tmp_path / "out"]), "no delta"
    )
    refused(cli(["apply", tmp_path / "none", "--model", model, "--out", tmp_path / "out"]), "is no file")
    refused(cli(["apply", delta, "--model", model, "--out", other]), "not empty")
    assert sorted(tmp_path.iterdir()) == before


def test_an_adapter_is_scored_before_it_is_written(
    cli: Cli, session: Path, model: Path, tmp_path: Path
) -> None:
    from peft import PeftModel

    out_folder = tmp_path / "adapter"
    code, out, err = cli(["export", session, "--format", "lora", "--rank", 4, "--out", out_folder, "--json"])
    assert code == 0, err
    told = json.loads(out)
    assert told["rank"] == 4
    assert 0 < told["kept_energy"] <= 1
    assert len(told["kept_energy_by_module"]) >= 1
    scores = told["scores"]
    assert scores["adapter"]["facts"] == 8
    assert scores["unedited"]["locality_kept"] == 1
    assert scores["loss"]["perplexity"] == pytest.approx(
        scores["adapter"]["perplexity"] - scores["edited"]["perplexity"]
    )
    assert "Rank 4 keeps 0." in err
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        loaded = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(model), str(out_folder))
    assert loaded.peft_config["default"].to_dict()["r"] == 4


def test_the_rank_follows_from_the_energy(cli: Cli, session: Path, tmp_path: Path) -> None:
    command: list[Any] = ["export", session, "--format", "lora", "--energy", "0.8", "--no-measure", "--out"]
    code, out, _ = cli([*command, tmp_path / "a", "--json"])
    assert code == 0
    told = json.loads(out)
    assert told["kept_energy"] >= 0.8
    assert told["scores"] is None
    code, out, _ = cli([*command, tmp_path / "b"])
    assert code == 0
    assert "not scored" in out
    assert out.splitlines()[-1] == str(tmp_path / "b")


def test_without_json_a_person_reads_energy_and_scores(cli: Cli, session: Path, tmp_path: Path) -> None:
    code, out, _ = cli(["export", session, "--format", "lora", "--out", tmp_path / "a"])
    assert code == 0
    assert "all modules" in out
    assert "adapter" in out
    assert "Efficacy (ES)" in out


def test_a_report_needs_no_model_unless_adapters_are_asked_for(
    cli: Cli, session: Path, model: Path, tmp_path: Path
) -> None:
    hidden = model.rename(model.with_name("hidden"))
    try:
        code, out, err = cli(["export", session, "--format", "report", "--out", tmp_path / "r", "--json"])
    finally:
        hidden.rename(model)
    assert code == 0, err
    assert Path(json.loads(out)["export"]) == tmp_path / "r" / "report.html"
    command: list[Any] = [
        "export",
        session,
        "--format",
        "report",
        "--lora-ranks",
        "2,4",
        "--out",
        tmp_path / "q",
    ]
    assert cli(command)[0] == 0
    with (tmp_path / "q" / "lora.csv").open(encoding="utf-8-sig") as file:
        assert [row["rank"] for row in csv.DictReader(file)] == ["2", "4"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--format", "hf", "--rank", "4"], ["--rank", "lora"]),
        (["--format", "report", "--step", "1"], ["--step", "delta"]),
        (["--format", "delta", "--lora-ranks", "4"], ["--lora-ranks", "report"]),
        (["--format", "lora", "--rank", "0"], ["Rank is 0"]),
        (["--format", "lora", "--energy", "0"], ["--energy is 0"]),
        (["--format", "lora", "--energy", "nan"], ["--energy is nan"]),
        (["--format", "lora", "--rank", "4", "--energy", "1"], ["--energy", "not allowed"]),
        (["--format", "lora", "--rank", "500"], ["from 1 to 32"]),
        (["--format", "report", "--lora-ranks", "0"], ["ranks of at least 1"]),
        (["--format", "report", "--run", "9"], ["no run 9"]),
        (["--format", "delta", "--step", "9"], ["none numbered 9"]),
    ],
)
def test_bad_options_are_a_sentence_and_write_nothing(
    cli: Cli, session: Path, tmp_path: Path, options: list[str], words: list[str]
) -> None:
    refused(cli(["export", session, *options, "--out", tmp_path / "out"]), *words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["hf", "delta", "lora", "report"])
def test_what_is_there_is_never_written_over(cli: Cli, session: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("keep")
    refused(cli(["export", session, "--format", kind, "--out", tmp_path / "mine"]), "mine", "new")
    refused(cli(["export", session, "--format", kind, "--out", tmp_path / "mine" / "file"]), "file")
    assert (tmp_path / "mine" / "file").read_text() == "keep"
    assert len(list(tmp_path.rglob("*"))) == 2
