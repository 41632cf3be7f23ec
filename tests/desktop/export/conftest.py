"""A tiny edited model on a bench, with the session of its run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.session.kept_runs import job, recipe, run_kept
from workbench.desktop.export.source import ExportSource
from workbench.runner.bench import Bench
from workbench.session.folder import Session


@pytest.fixture
def source(tmp_path: Path) -> Iterator[ExportSource]:
    editor, _, _ = run_kept(tmp_path / "towns.stableedit", recipe(step_size=3e-2), job(8))
    bench = Bench()
    bench.set_model(editor.loaded)
    bench.editor, bench.chain = editor, [1]
    with Session.open(tmp_path / "towns.stableedit", read_only=True) as session:
        yield ExportSource(bench, session)
