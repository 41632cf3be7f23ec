"""The benchmark that runs on a GPU, on the CPU and with little installed beside the sources."""

import json
import subprocess
import sys
from pathlib import Path

PARTS = ("agreement", "step", "flat", "algebra")
ABSENT = ("platformdirs", "psutil", "matplotlib", "optuna", "gguf", "PySide6", "scipy", "workbench.resources")
SCRIPT = f"""
import runpy, sys
sys.modules |= dict.fromkeys({ABSENT!r})
sys.argv[1:] = ["--small", "--device", "cpu"]
runpy.run_module("tests.benchmarks.gpu", run_name="__main__")
"""


def test_every_part_is_measured_and_the_device_agrees_with_the_cpu() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=Path(__file__).parents[1],
        check=True,
        capture_output=True,
        text=True,
    )
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert [name for name in PARTS if "error" in found[name]] == [], done.stderr
    assert found["agreement"]["holds"]
    assert found["agreement"]["worst"] <= 1e-3
    assert all(n["difference"] < 1e-4 for key, n in found["algebra"].items() if key.startswith("n="))
