"""Ordinary text is read with the unedited model once."""

from pathlib import Path

import pytest

from tests.editing.test_run import RECIPE, editor_of, job, of_kind
from tests.tiny import tiny_model
from workbench.editing.events import Evaluated
from workbench.editing.job import Job
from workbench.editing.run import Run
from workbench.evaluation import drift, evaluate


def scores_of(cache: Path, what: Job) -> list[str]:
    what = Job(what.facts, what.warmup, what.ordinary_text, what.perplexity_text, row_cache=cache)
    return [
        repr(e.scores) for e in of_kind(list(Run(editor_of(tiny_model(), RECIPE), what).events()), Evaluated)
    ]


def test_a_second_run_takes_what_the_unedited_model_made_of_its_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    reference = drift.read_reference

    def counted(*given: object) -> object:
        read.append(1)
        return reference(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(evaluate, "read_reference", counted)
    first = scores_of(tmp_path, job())
    assert len(read) == 1
    assert scores_of(tmp_path, job()) == first
    assert len(read) == 1
    other = job()
    scores_of(tmp_path, Job(other.facts, other.warmup, other.ordinary_text, ("Other texts are read.",) * 3))
    assert len(read) == 2


def test_a_damaged_file_is_read_again(tmp_path: Path) -> None:
    first = scores_of(tmp_path, job())
    for file in tmp_path.iterdir():
        file.write_bytes(file.read_bytes()[:100])
    assert scores_of(tmp_path, job()) == first
