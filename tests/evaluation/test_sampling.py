"""Text that a model writes by itself."""

import logging
import threading
from pathlib import Path

import pytest
import torch

from tests.tiny import tiny_model
from workbench.errors import Cancelled
from workbench.evaluation import generation
from workbench.evaluation.batching import Watch
from workbench.evaluation.sampling import draw, sample_texts
from workbench.models.loaded import LoadedModel


def test_the_seed_decides_and_the_batch_does_not(tiny: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    first = sample_texts(tiny, seed=7, count=9, length=12)
    torch.manual_seed(2)
    monkeypatch.setattr(generation, "BATCH_TOKENS", 30)  # two rows a batch
    assert sample_texts(tiny, seed=7, count=9, length=12) == first
    assert sample_texts(tiny, seed=8, count=9, length=12) != first
    assert len(set(first)) == 9


def test_texts_open_with_a_capital_and_hold_no_special_token(tiny: LoadedModel) -> None:
    texts = sample_texts(tiny, count=40, length=30)
    assert all(text[0].isalpha() and not text[0].islower() for text in texts)
    assert len({text[0] for text in texts}) > 5
    ids = [tiny.tokenizer(text)["input_ids"] for text in texts]
    assert max(max(row) for row in ids) < 256
    assert min(len(row) for row in ids) >= 30 / 4


def test_draws_follow_the_distribution() -> None:
    probabilities = torch.tensor([0.5, 0.0, 0.3, 0.2, 0.0])
    uniform = torch.linspace(0, 1, 1001)[:-1]
    found = draw(probabilities.log().expand(1000, -1), uniform)
    shares = torch.bincount(found, minlength=5) / 1000
    torch.testing.assert_close(shares, probabilities, atol=2e-3, rtol=0)
    assert shares[1] == shares[4] == 0
    below_one = torch.nextafter(torch.tensor([1.0]), torch.tensor([0.0]))
    assert draw(probabilities.log()[None], below_one).tolist() == [3]


def test_the_cache_serves_the_same_request_only(tiny: LoadedModel, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    first = sample_texts(tiny, 1, 4, 8, folder)
    (file,) = folder.iterdir()  # nothing half-written beside it
    elsewhere = tiny_model(seed=4)
    elsewhere.sha256 = tiny.sha256  # a hit needs no model
    assert sample_texts(elsewhere, 1, 4, 8, folder) == first
    elsewhere.sha256 = tiny.sha256[:16] + "f" * 48  # the file's name is the same
    assert sample_texts(elsewhere, 1, 4, 8, folder) != first
    assert sample_texts(tiny, 1, 4, 8, folder) == first
    for seed, count, length in ((2, 4, 8), (1, 3, 8), (1, 4, 9)):
        assert sample_texts(tiny, seed, count, length, folder) != first
    assert len(list(folder.iterdir())) == 4
    file.write_text('{"texts": ["broken"')
    assert sample_texts(tiny, 1, 4, 8, folder) == first


def test_a_folder_that_cannot_be_written_costs_nothing_else(
    tiny: LoadedModel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with caplog.at_level(logging.WARNING):
        assert sample_texts(tiny, 1, 2, 8, blocked) == sample_texts(tiny, 1, 2, 8)
    assert "could not be saved" in caplog.text


def test_cancel_and_progress(tiny: LoadedModel, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    sample_texts(tiny, 0, 6, 5, watch=Watch(progress=lambda *at: seen.append(at)))
    assert seen[-1] == (6, 6)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        sample_texts(tiny, 0, 6, 5, tmp_path, Watch(cancel))
    assert not list(tmp_path.iterdir())
