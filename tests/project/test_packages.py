"""What is installed is what is there."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_package_is_installed() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    there = {".".join(p.parent.relative_to(ROOT).parts) for p in (ROOT / "workbench").rglob("__init__.py")}
    assert set(declared) == there | {"workbench.resources"}


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {p.parent for p in (ROOT / "workbench").rglob("*.py")}
    assert [str(f) for f in folders if not (f / "__init__.py").is_file()] == []
