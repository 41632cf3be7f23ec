"""What a run told of its single facts comes back from its session."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.session.kept_runs import job, recipe, run_kept, told
from workbench.editing.events import Evaluated, StepApplied
from workbench.editing.fact_events import history_of
from workbench.evaluation.scores import FactScores
from workbench.session.folder import Session
from workbench.session.packing import pack_scores, unpack_scores


def test_scores_of_single_facts_survive_bit_by_bit(tmp_path: Path) -> None:
    _, _, events = run_kept(tmp_path / "s.stableedit", recipe(evaluate_every=2), job(8))
    with Session.open(tmp_path / "s.stableedit", read_only=True) as session:
        kept = [s.report for s in session.history(1) if isinstance(s.report, StepApplied)]
        losses = [s.per_fact.loss for s in session.scores(1)]
        wrote = [(s.per_fact.wrote, s.per_fact.wrote_chat) for s in session.scores(1)]
    for applied, back in zip(told(events), kept, strict=True):
        assert np.array_equal(back.fact_success, applied.fact_success)
        assert np.array_equal(back.fact_loss, applied.fact_loss)
    evaluated = {e.step: e.per_fact for e in events if isinstance(e, Evaluated)}.values()
    assert all(np.array_equal(a.loss, b) for a, b in zip(evaluated, losses, strict=True))
    assert wrote == [(scores.wrote, scores.wrote_chat) for scores in evaluated]
    assert [len(plain) for plain, _ in wrote] == [8, 2, 4, 8]


def test_a_step_tells_how_each_of_its_facts_took(tmp_path: Path) -> None:
    _, _, events = run_kept(tmp_path / "s.stableedit", recipe(evaluate_every=1, step_size=0.05), job(8))
    for step in told(events):
        assert len(step.fact_success) == len(step.fact_loss) == step.facts
        assert step.fact_success.mean() == step.success
    history = history_of(events)
    for place in range(8):
        record = history.of(place)
        assert [m.step for m in record.trace] == [0, *range(record.step, 5)]
        assert record.before["loss"] > 0
        own = record.trace[1]  # the scoring after its own step reads the same weights
        assert record.at_edit is not None
        assert np.isclose(own.loss, record.at_edit.loss, rtol=1e-4)


def test_portability_by_group_survives_and_older_sessions_have_none() -> None:
    nothing = FactScores(*[np.empty(0)] * 7)
    scores = replace(nothing.means(), portability_groups={"Reasoning": 0.25})
    packed, names, facts, rows = pack_scores(scores, nothing)
    assert unpack_scores(packed, names, facts, rows)[0].portability_groups == {"Reasoning": 0.25}
    older = {name: value for name, value in json.loads(packed).items() if name != "portability_groups"}
    assert unpack_scores(json.dumps(older), names, facts, rows)[0].portability_groups == {}
