"""The log file: what libraries warn of, once, and nowhere else."""

import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from workbench.cli.said import warnings_said
from workbench.storage.log_file import log_path, logging_to_file


def test_what_libraries_warn_of_is_in_the_file_once(capfd: pytest.CaptureFixture[str]) -> None:
    with logging_to_file(), warnings.catch_warnings():
        warnings.simplefilter("always")
        for _ in range(3):
            logging.getLogger("accelerate").warning("old %s", "argument")
            warnings.warn("a name goes away", FutureWarning, stacklevel=1)
            logging.getLogger("workbench.models").info("Loaded")
    text = log_path().read_text("utf-8")
    assert text.count("WARNING accelerate: old argument") == 1
    assert text.count("FutureWarning: a name goes away") == 1
    assert text.count("INFO workbench.models: Loaded") == 3
    assert capfd.readouterr().err == ""


def test_a_command_says_the_programs_own_warnings_and_no_others(capsys: pytest.CaptureFixture[str]) -> None:
    with warnings_said():
        logging.getLogger("workbench.session").warning("A checkpoint was passed over.")
        logging.getLogger("workbench.session").info("A step")
        logging.getLogger("peft").warning("Something internal")
    assert capsys.readouterr().err == "workbench: A checkpoint was passed over.\n"


def test_libraries_that_print_for_themselves_are_taken_over(tmp_path: Path) -> None:
    """In a process of its own, as each adds its handler when it is imported."""
    program = """
import logging, optuna, transformers, huggingface_hub
import workbench.models.loading
from workbench.storage.log_file import logging_to_file, take_over_libraries
take_over_libraries()
with logging_to_file():
    for name in ("torch", "transformers.modeling_utils", "huggingface_hub.file_download", "optuna.study"):
        logging.getLogger(name).warning("said by %s", name)
"""
    place = {"XDG_STATE_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | place, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    [text] = [path.read_text("utf-8") for path in tmp_path.rglob("workbench.log")]
    for name in ("torch", "transformers.modeling_utils", "huggingface_hub.file_download", "optuna.study"):
        assert text.count(f"said by {name}") == 1


def test_where_no_file_can_be_made_nothing_is_printed_and_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with logging_to_file():
        logging.getLogger("accelerate").warning("lost")
    assert capfd.readouterr().err == ""
