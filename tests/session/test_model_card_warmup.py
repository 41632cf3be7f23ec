"""What a model card says of the warm-up, from the runs behind the model and not from the settings shown."""

from pathlib import Path

import pytest

from tests.session.kept_runs import editor, job, recipe, run_kept
from workbench.editing.job import Job
from workbench.editing.run import Run
from workbench.session.folder import Session
from workbench.session.lineage import Chain, keep_behind
from workbench.session.provenance import rebuilt_provenance, session_provenance

STATISTICS = "4 warm-up facts prepared the statistics; they did not change the weights."
EDITS = "4 warm-up facts prepared the statistics; they changed the weights too."


@pytest.mark.parametrize(
    ("mode", "said"), [("statistics", STATISTICS), ("edits", EDITS), ("none", "No warm-up.")]
)
def test_the_mode_is_that_of_the_run_that_warmed_up(tmp_path: Path, mode: str, said: str) -> None:
    chosen = recipe(warmup_mode=mode)
    of, _, _ = run_kept(tmp_path / "s", chosen, job(4))
    now = chosen.with_(warmup_mode="statistics" if mode == "edits" else "edits")
    with Session.open(tmp_path / "s") as session:
        names = [m.name for m in of.modules]
        assert session_provenance(session, of.loaded, now, names, [1]).warmup == said
        assert rebuilt_provenance(session, session.rewind(of), of.loaded).warmup == said


def test_a_model_brought_back_tells_of_all_runs_behind_it(tmp_path: Path) -> None:
    """As in the window: the warm-up is one run, each Edit another."""
    of = editor(recipe())
    with Session.create(tmp_path / "s") as session:
        chain: tuple[int, ...] = ()
        for what in (Job((), job(0).warmup), Job(job(4).facts, ()), Job(job(6).facts[4:], ())):
            sink = session.start_run(of, what)
            keep_behind(session, sink.run, Chain(chain))
            chain += (sink.run,)
            list(Run(of, what, sink=sink).events())
        card = rebuilt_provenance(session, session.rewind(of), of.loaded)
        assert (card.warmup, card.edits) == (STATISTICS, 6)
        assert rebuilt_provenance(session, session.rewind(of, 2, 1), of.loaded).edits == 2
