"""What states that no edit changes save: ``python -m tests.benchmarks.kept_states [--facts N] [--passes N]``.

One JSON line. ``step``: a step of the starter's facts in as many passes as asked for, where blocks below the edited
ones and what chats begin with are run once ÷ where they are run every time. ``scores``: those after the step ÷ those
before it, on N facts in both forms and ordinary text. Times are in seconds.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

from workbench.editing import tracing
from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.items import Chunk, items_of
from workbench.editing.solving import PREFIX_BYTES, Solver
from workbench.editing.start import preset_of, starting_recipe
from workbench.evaluation.encoded import encode_facts, encode_texts
from workbench.evaluation.evaluate import evaluate, evaluate_unedited
from workbench.evaluation.sampling import sample_texts
from workbench.facts.starter import starter_facts
from workbench.models.encoding import Encoded
from workbench.models.loading import load
from workbench.models.modules import select
from workbench.models.prefix import SharedPrefix


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--facts", type=int, default=300, help="of the starter, that are scored (default: 300)"
    )
    parser.add_argument("--passes", type=int, default=8)
    options = parser.parse_args()
    loaded = load("starter")
    recipe = starting_recipe(preset_of(loaded)).with_(passes=options.passes, budget=0, step_size=1e-6)
    editor = Editor(loaded, select(loaded.modules, recipe.modules), recipe)
    edits, warmup = starter_facts()
    warm = Solver(editor, Control(), recipe.minibatch)
    batch = Chunk.of(items_of(loaded, recipe, warmup[:200]), recipe.chat_share)
    _result(warm.solve(batch, [""] * len(batch.items), warming_up=True))
    chunk = Chunk.of(items_of(loaded, recipe, edits[: recipe.batch]), recipe.chat_share)

    def step(shares: bool) -> Any:
        solver = Solver(editor, Control(), recipe.minibatch, shares=shares)
        return _result(solver.solve(chunk, [""] * len(chunk.items), warming_up=False, left=chunk.facts))

    kept, (_, shifts, _) = _seconds(lambda: step(True))
    with patch.object(tracing, "beginning", _nothing):
        afresh, _ = _seconds(lambda: step(False))
    facts, texts = encode_facts(loaded, edits[: options.facts]), encode_texts(loaded, sample_texts(loaded))
    with SharedPrefix(loaded, editor.modules, PREFIX_BYTES).edited():
        before, (_, _, baseline) = _seconds(lambda: evaluate_unedited(loaded, facts, texts))
        editor.apply(shifts)
        after, _ = _seconds(lambda: evaluate(loaded, facts, baseline, texts))
    times = {"step_s": kept, "step_every_time_s": afresh, "before_s": before, "after_s": after}
    ratios = {"step": kept / afresh, "scores": after / before}
    size = {"facts": len(facts), "passes": options.passes}
    print(json.dumps(size | {name: round(value, 3) for name, value in (ratios | times).items()}))


def _nothing(_model: object, _batch: Sequence[Encoded]) -> None:
    """In place of what the sequences of a batch begin with."""


def _seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _result(steps: Any) -> Any:
    """What a generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


if __name__ == "__main__":
    main()
