"""The starter model on real facts that it does not know."""

import json
import threading
from pathlib import Path

from workbench.editing.texts import SAMPLED_TEXTS
from workbench.evaluation.batching import Watch
from workbench.evaluation.encoded import encode_facts
from workbench.evaluation.evaluate import evaluate_unedited
from workbench.evaluation.sampling import sample_texts
from workbench.facts.fact import Fact, Probe
from workbench.models.loaded import LoadedModel


def test_counterfactual_targets_are_rare_before_editing(starter: LoadedModel, shared_data: Path) -> None:
    records = json.loads((shared_data / "data" / "counterfact_edits.json").read_text())[:40]
    facts = [
        Fact(
            r["prompt"],
            r["target_new"],
            old=r["ground_truth"],
            rephrases=(r["rephrase_prompt"],),
            locality=(Probe(r["locality_prompt"], r["locality_ground_truth"]),),
        )
        for r in records
    ]
    scores, per_fact, _ = evaluate_unedited(starter, encode_facts(starter, facts))
    assert scores.es <= 0.15
    assert scores.generated <= scores.exact <= scores.es
    assert scores.preference < 0.5  # it knows better
    assert scores.ls > scores.es
    assert scores.locality_kept == 1
    assert per_fact.es.shape == (40,)


def test_its_ordinary_text_comes_with_the_workbench(starter: LoadedModel, tmp_path: Path) -> None:
    stopped = threading.Event()
    stopped.set()  # anything that had to be written would end here
    texts = sample_texts(starter, count=SAMPLED_TEXTS, cache_dir=tmp_path, watch=Watch(stopped))
    assert len(set(texts)) == SAMPLED_TEXTS
    assert not list(tmp_path.iterdir())
