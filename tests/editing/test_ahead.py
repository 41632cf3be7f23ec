"""What was read ahead is not read again by the run, which does the same."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.editing.test_forms import TEXTS, chatting
from tests.editing.test_row_cache import MODULES, RECIPE, WARMUP, warmed
from workbench.editing import texts
from workbench.editing.ahead import read_ahead
from workbench.editing.control import Control
from workbench.editing.job import Job
from workbench.errors import Cancelled
from workbench.models.loaded import LoadedModel
from workbench.models.modules import select


def read(loaded: LoadedModel, cache: Path, control: Control | None = None) -> None:
    job = Job((), WARMUP, TEXTS, TEXTS, text_cache=cache, row_cache=cache)
    read_ahead(loaded, select(loaded.modules, MODULES), RECIPE, job, control or Control())


def test_a_warm_up_has_nothing_left_to_read_and_leaves_the_same(tmp_path: Path) -> None:
    plain, _ = warmed(None)
    read(chatting(), tmp_path)
    found, passes = warmed(tmp_path)
    assert passes == 0
    assert all(torch.equal(found[name], tensor) for name, tensor in plain.items())


def test_reading_ahead_stops_within_a_minibatch_and_goes_on_where_it_was(tmp_path: Path) -> None:
    loaded, passes = chatting(), list[int]()
    control = Control(lambda told: control.stop() if (told.unit, told.done) == ("facts", 4) else None)
    loaded.model.register_forward_hook(lambda *_given: passes.append(1))
    with pytest.raises(Cancelled):
        read(loaded, tmp_path, control)
    before = len(passes)
    read(loaded, tmp_path)
    between = len(passes) - before
    read(loaded, tmp_path)
    assert len(passes) == before + between, "everything is there"
    other = tmp_path / "other"
    passes.clear()
    read(loaded, other)
    assert len(passes) > between


def test_with_a_budget_texts_and_replies_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "SAMPLED_TEXTS", 8)
    loaded, recipe = chatting(), replace(RECIPE, budget=1.05)
    job = Job((), WARMUP, text_cache=tmp_path, row_cache=tmp_path)
    read_ahead(loaded, select(loaded.modules, MODULES), recipe, job, Control())
    assert len(list(tmp_path.glob("*replies*"))) == 1
