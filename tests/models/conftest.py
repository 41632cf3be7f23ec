"""A cache of its own for each test, so that hashes and conversions of one are never another's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from tests.tiny import tiny_model
from workbench.storage import places


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setattr(places, "cache_folder", lambda: folder)
    return folder


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    return folder


@pytest.fixture
def model_folder(tmp_path: Path) -> Callable[..., Path]:
    """Writes a tiny model as transformers itself does."""

    def write(architecture: str = "llama", name: str = "model", **settings: Any) -> Path:
        folder = tmp_path / name
        loaded = tiny_model(architecture)
        loaded.model.save_pretrained(folder, **settings)
        loaded.tokenizer.save_pretrained(folder)
        return folder

    return write
