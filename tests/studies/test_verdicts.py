"""The rules that decide the claims, on made-up runs."""

import math
from dataclasses import replace

import pytest

from workbench.studies.claims import variants as v
from workbench.studies.claims.records import RunRecord
from workbench.studies.claims.verdicts import CLAIMS, MARGIN, ClaimResult, Verdict, judge, verdict_of

MODULE = "model.layers.1.mlp.down_proj"
NAN = math.nan


def run(variant: str, seed: int = 0, es: float = 0.5, **changes: object) -> RunRecord:
    later = v.BY_NAME[variant].later_only
    steps = 4 if later else 8
    plain = RunRecord(
        variant=variant,
        seed=seed,
        step_size=1e-3,
        first_step=5 if later else 1,
        success=(0.5,) * steps,
        success_first=(0.5,) * steps,
        shift_norms={MODULE: (2.0,) * steps},
        cosines={MODULE: (NAN, *(0.01,) * (steps - 1))},
        drifts={MODULE: (0.1,) * steps},
        perplexities=((0, 100.0), (8, 110.0)),
        unedited={"es": 0.1, "locality_kept": 1.0, "perplexity": 100.0},
        scores={"es": es, "locality_kept": 0.6, "perplexity": 110.0},
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def scores(es: float, kept: float = 0.6, perplexity: float = 110.0) -> dict[str, float]:
    return {"es": es, "locality_kept": kept, "perplexity": perplexity}


def decided(name: str, *runs: RunRecord) -> ClaimResult:
    return next(result for result in judge(runs) if result.name == name)


def all_runs(seed: int = 0, **changes: RunRecord) -> list[RunRecord]:
    return [changes.get(name.replace("-", "_"), run(name, seed)) for name in v.BY_NAME]


@pytest.mark.parametrize(
    ("ablation", "verdict"),
    [
        (run(v.NONE, es=0.3), Verdict.DID_NOT_HOLD),
        (run(v.NONE, es=0.24), Verdict.HELD),
        (run(v.NONE, scores=scores(0.5, perplexity=1001.0)), Verdict.HELD),
        (run(v.NONE, scores=scores(NAN), failed="The loss is nan."), Verdict.HELD),
    ],
)
def test_collapse(ablation: RunRecord, verdict: Verdict) -> None:
    assert decided("collapse", run(v.REFERENCE, es=0.5), ablation).verdict is verdict


def test_early_edits_are_judged_on_the_later_steps_alone() -> None:
    whole = run(v.REFERENCE, success=(0, 0, 0, 0, 0.6, 0.6, 0.6, 0.6))
    dropped, statistics = run(v.EARLY_LEFT_OUT), run(v.EARLY_STATISTICS, success=(0.59,) * 4)
    early = decided("early-edits", whole, dropped, statistics)
    assert early.verdict is Verdict.HELD
    assert early.figures == {
        "ES of later steps, early ones edited": (pytest.approx(0.6),),
        "ES of later steps, early ones left out": (0.5,),
    }
    assert decided("early-weights", whole, dropped, statistics).verdict is Verdict.DID_NOT_HOLD


def test_norms_are_bounded_only_where_no_module_grows() -> None:
    other = "model.layers.2.mlp.down_proj"
    calm, wild = (2.0,) * 8, (1.0, 1.0, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7)
    assert decided("bounded", run(v.REFERENCE)).verdict is Verdict.HELD
    grown = decided("bounded", run(v.REFERENCE, shift_norms={MODULE: calm, other: wild}))
    assert grown.verdict is Verdict.DID_NOT_HOLD
    assert grown.figures["growth of the norm, first to last quarter"][0] == pytest.approx(1.65)


def test_a_run_that_failed_held_nothing_of_what_it_promises() -> None:
    failed = run(v.REFERENCE, failed="not finite", shift_norms={MODULE: ()}, cosines={MODULE: ()}, success=())
    for name in ("bounded", "orthogonal"):
        assert decided(name, failed).verdict is Verdict.DID_NOT_HOLD


def test_opposite_shifts_are_not_orthogonal() -> None:
    opposite = run(v.REFERENCE, cosines={MODULE: (NAN, 0.01, 0.01, 0.01, -0.9, -0.9, -0.9, -0.9)})
    assert decided("orthogonal", opposite).verdict is Verdict.DID_NOT_HOLD
    turned = run(v.REFERENCE, cosines={MODULE: (NAN, 0.9, 0.9, 0.5, 0.2, 0.1, 0.05, 0.01)})
    assert decided("orthogonal", turned).verdict is Verdict.HELD


@pytest.mark.parametrize(
    ("full", "verdict"),
    [
        (scores(0.55), Verdict.HELD),
        (scores(0.5 + MARGIN / 2), Verdict.DID_NOT_HOLD),
        (scores(0.9, kept=0.5), Verdict.DID_NOT_HOLD),
        (scores(0.9, perplexity=130.0), Verdict.DID_NOT_HOLD),
    ],
)
def test_whitening_must_win_without_paying(full: dict[str, float], verdict: Verdict) -> None:
    assert decided("whitening", run(v.REFERENCE, scores=full), run(v.DIAGONAL)).verdict is verdict


def test_memory_is_judged_by_the_first_batch_at_the_end() -> None:
    kept = run(v.MEMORY, success_first=(0.5,) * 7 + (0.48,))
    lost = run(v.REFERENCE, success_first=(0.5,) * 7 + (0.2,))
    assert decided("memory", kept, lost).verdict is Verdict.HELD
    assert (
        decided("memory", replace(kept, success_first=(0.9,) * 7 + (0.2,)), lost).verdict
        is Verdict.DID_NOT_HOLD
    )


def test_warm_up_of_either_kind() -> None:
    runs = all_runs(no_warm_up=run(v.NO_WARMUP, es=0.4), warm_up_edits=run(v.WARMUP_EDITS, es=0.51))
    assert decided("warm-up", *runs).verdict is Verdict.HELD
    assert decided("warm-up-edits", *runs).verdict is Verdict.DID_NOT_HOLD


def test_seeds_that_disagree_leave_a_claim_undecided_and_the_sentence_says_so() -> None:
    runs = [*all_runs(0, none=run(v.NONE, 0, es=0.1)), *all_runs(1), *all_runs(2)]
    claim = decided("collapse", *runs)
    assert claim.verdict is Verdict.UNDECIDED
    assert claim.held == (True, False, False)
    assert "Undecided (seeds disagree) on 3 seeds (held in 1)" in claim.sentence
    assert "0.1, 0.5, 0.5" in claim.sentence


def test_a_seed_that_lacks_a_run_is_not_counted() -> None:
    runs = [*all_runs(0), run(v.REFERENCE, 1)]
    assert decided("collapse", *runs).seeds == (0,)
    assert decided("bounded", *runs).seeds == (0, 1)
    nothing = decided("memory", run(v.REFERENCE))
    assert nothing.verdict is Verdict.NOT_MEASURED
    assert "Not measured" in nothing.sentence


def test_every_claim_states_its_rule_and_names_runs_that_are_done() -> None:
    for claim in CLAIMS:
        assert claim.rule.endswith(".")
        assert set(claim.variants) <= set(v.BY_NAME)
    assert verdict_of([]) is Verdict.NOT_MEASURED
