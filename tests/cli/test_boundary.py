"""Whatever goes wrong around a command: an exit code and one sentence, on standard error, never a traceback."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_command_line import refusal
from workbench.cli import main
from workbench.session.folder import Session
from workbench.storage.log_file import log_path

MANY = 10**20
LONG = "n" * 300


def program(
    *arguments: str, before: str = "", out: int | str = subprocess.PIPE, unbuffered: str = ""
) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of a process of its own, which runs ``before`` first."""
    code = f"import sys\nsys.argv = ['workbench', *{list(arguments)!r}]\n{before}\n"
    code += "from workbench.__main__ import _program\nsys.exit(_program())"
    with open(out, "w") if isinstance(out, str) else open(os.devnull) as place:  # a device
        ended = subprocess.run(
            [sys.executable, "-P", "-c", code],
            stdout=place if isinstance(out, str) else out,
            stderr=subprocess.PIPE,
            text=True,
            timeout=250,
            env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    return ended.returncode, ended.stdout or "", ended.stderr


def test_what_nobody_foresaw_is_one_sentence_with_a_log_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise KeyError("an inner secret\nof two lines")

    monkeypatch.setattr("workbench.models.catalogue.available", fail)
    assert main(["models"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "failed unexpectedly (KeyError" in err
    assert str(log_path()) in err
    assert "in fail" in log_path().read_text("utf-8")


def test_a_file_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> None:
        raise PermissionError(13, "Permission denied", "/some/where")

    monkeypatch.setattr("workbench.models.catalogue.available", refuse)
    refusal(main(["models"]), *capsys.readouterr(), "/some/where", "Permission denied")


@pytest.mark.parametrize(
    "command",
    [
        ["ledger", "S", "--run", str(MANY)],
        ["ledger", "S", "--run", "-1"],
        ["ledger", "S", "--run", "1", "--step", str(MANY)],
        ["ledger", "S", "--rewind", f"{MANY}:1"],
        ["ledger", "S", "--rewind", f"1:{MANY}"],
        ["ledger", "S", "--rewind", "9" * 5_000 + ":1"],
        ["ledger", "S", "--branch", f"{MANY}:{MANY}"],
        ["ledger", "S", "--replay", str(MANY), "--without", "1"],
        ["resume", "S", "--run", str(MANY)],
        ["export", "S", "--run", str(MANY), "--out", "X"],
        ["verify", LONG],
        ["ledger", LONG],
        ["compare", LONG, LONG],
        ["run", LONG, "--model", "starter"],
        ["run", "F", "--model", LONG],
        ["run", "F", "--model", "starter", "--session", LONG],
        ["run", "F", "--model", "starter", "--export", LONG],
        ["run", "F", "--model", "starter", "--perplexity-text", LONG],
        ["evaluate", "F", "--model", f"{LONG}/{LONG}"],
        ["export", "S", "--out", LONG],
        ["apply", LONG, "--base", "starter", "--out", "X"],
        ["calibrate", LONG, "--model", "starter"],
    ],
    ids=lambda command: " ".join(command)[:40],
)
def test_numbers_and_paths_beyond_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Session.create(tmp_path / "S").close()
    (tmp_path / "F").write_text("prompt,target\na,b\n")
    before = sorted(tmp_path.rglob("*"))
    try:
        code = main(command)
    except SystemExit as end:  # argparse
        code = int(end.code or 0)
    err = capsys.readouterr().err
    assert code == 2, err
    assert "failed unexpectedly" not in err
    assert "Traceback" not in err
    assert sorted(p for p in tmp_path.rglob("*") if "-wal" not in p.name and "-shm" not in p.name) == before


@pytest.mark.parametrize("command", [["models"], ["--help"], ["--version"]])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_device_is_said(command: list[str], unbuffered: str) -> None:
    code, _, err = program(*command, out="/dev/full", unbuffered=unbuffered)
    assert code == 1
    assert (
        err
        == "workbench: the output cannot be written (No space left on device): send it to another place.\n"
    )


@pytest.mark.parametrize("command", [["models"], ["--help"]])
def test_a_reader_that_left_is_no_failure_worth_a_word(command: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        code, _, err = program(*command, out=writing)
    finally:
        os.close(writing)
    assert (code, err) == (1, "")


@pytest.mark.parametrize("closed", ["1", "2"])
def test_closed_from_the_beginning(closed: str) -> None:
    code, _, err = program(
        "models", before=f"import os; os.close({closed}); sys.std{['out', 'err'][int(closed) - 1]} = None"
    )
    assert (code, err) == (0, "")


AT_IMPORT = """
import os, signal, sys
class Interrupted:
    def find_spec(self, name, *rest):
        if name == {name!r}:
            sys.meta_path.remove(self)
            try:
                os.kill(os.getpid(), signal.{by})
                for _ in range(1000): pass
            except BaseException:
                {swallow}
sys.meta_path.insert(0, Interrupted())
"""


@pytest.mark.parametrize(
    ("name", "swallow", "by"),
    [
        ("argparse", "raise", "SIGINT"),
        ("workbench.cli", "raise", "SIGINT"),
        ("workbench.cli.running", "pass", "SIGINT"),
        ("workbench.cli.running", "raise", "SIGTERM"),
        ("workbench.models.catalogue", "pass", "SIGINT"),
        ("torch", "pass", "SIGINT"),
        ("torch", "raise", "SIGTERM"),
    ],
)
def test_an_interrupt_while_it_starts_ends_it(name: str, swallow: str, by: str) -> None:
    code, out, err = program("models", before=AT_IMPORT.format(name=name, swallow=swallow, by=by))
    assert (code, out, err) == (128 + signal.SIGINT, "", "workbench: stopped.\n")
