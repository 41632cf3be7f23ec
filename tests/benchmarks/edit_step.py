"""What a step costs beyond the forward and backward passes it cannot do without.

    python -m tests.benchmarks.edit_step [--large]

One JSON line: whole step ÷ bare forward+backward on the starter (9 modules, 100 facts), in float32 and bfloat16, as
the median over steps measured in turn; dual ÷ primal solve at d_k 14,336 and n 400; peak memory. ``--large`` also takes
one whole step of 7B shapes on the device there is.
"""

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable

import torch
from torch.nn.functional import cross_entropy

from workbench.editing.control import Control
from workbench.editing.editor import Editor
from workbench.editing.recipes import recipe_named
from workbench.editing.shift import ridge_dual, ridge_primal
from workbench.editing.tracing import Traced, trace
from workbench.editing.whitening import whitening
from workbench.models.encoding import Encoded, encode
from workbench.models.forward import answer_logits, length_batches
from workbench.models.loaded import LoadedModel
from workbench.models.loading import load
from workbench.models.modules import module_of, select

MODULES = "model.layers.{18..26}.mlp.down_proj"
FACTS, WARMUP_STEPS, STEPS = 100, 6, 9
LARGE_KEY, LARGE_VALUE, LARGE_ROWS = 14_336, 4_096, 400


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="also a step at 7B shapes")
    options = parser.parse_args()
    result: dict[str, object] = {f"step_ratio_{name}": _step_ratio(name) for name in ("float32", "bfloat16")}
    result |= {"device": _device().type, **_solve_times()}
    if options.large:
        result["large_step_seconds"] = _large_step()
    result["peak_memory_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if torch.cuda.is_available():
        result["peak_device_bytes"] = torch.cuda.max_memory_allocated()
    print(json.dumps(result))


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _facts(loaded: LoadedModel, step: int) -> list[Encoded]:
    """Made-up facts of the length that benchmark prompts have, one or two answer tokens each."""
    words = ("painter", "singer", "lawyer", "sailor", "chemist", "farmer", "pilot", "judge")
    return [
        encode(
            loaded.tokenizer,
            f"The profession of the younger brother of number {step * FACTS + i} is",
            words[i % 8],
        )
        for i in range(FACTS)
    ]


def _step_ratio(dtype: str) -> dict[str, float]:
    loaded = load("starter", dtype=dtype)
    editor = Editor(loaded, select(loaded.modules, MODULES), recipe_named("stableedit"))
    for step in range(WARMUP_STEPS):
        editor.observe(_traced(loaded, editor, _facts(loaded, step)))
    bare, whole = [], []
    for step in range(WARMUP_STEPS, WARMUP_STEPS + STEPS):
        facts = _facts(loaded, step)
        bare.append(_seconds(lambda f=facts: _forward_backward(loaded, editor, f)))  # type: ignore[misc]
        whole.append(_seconds(lambda f=facts: _whole_step(loaded, editor, f)))  # type: ignore[misc]
    loaded.release()
    ratios = [w / b for w, b in zip(whole[1:], bare[1:], strict=True)]
    return {
        "ratio": round(statistics.median(ratios), 4),
        "best_over_best": round(min(whole[1:]) / min(bare[1:]), 4),
        "bare_seconds": round(statistics.median(bare[1:]), 3),
        "whole_seconds": round(statistics.median(whole[1:]), 3),
    }


def _traced(loaded: LoadedModel, editor: Editor, facts: list[Encoded]) -> Traced:
    return trace(
        loaded,
        editor.modules,
        facts,
        [""] * len(facts),
        per_edit=True,
        minibatch=editor.recipe.minibatch,
        control=Control(),
    )


def _forward_backward(loaded: LoadedModel, editor: Editor, facts: list[Encoded]) -> None:
    """The passes alone: same minibatches, logits at answer positions, stopping at the lowest module."""
    lowest = module_of(loaded.model, editor.modules[0])
    handle = lowest.register_forward_hook(lambda _m, _i, output: output.detach().requires_grad_())
    with torch.enable_grad():
        for group in length_batches([len(f.ids) for f in facts], editor.recipe.minibatch):
            logits, tokens, _rows = answer_logits(loaded.model, [facts[i] for i in group])
            cross_entropy(logits.float(), tokens, reduction="sum").backward()
    handle.remove()


def _whole_step(loaded: LoadedModel, editor: Editor, facts: list[Encoded]) -> None:
    """All that a run does in a step but for scoring and keeping it."""
    traced = _traced(loaded, editor, facts)
    editor.observe(traced)
    shifts, whitenings = editor.shifts(traced, warming_up=False)
    editor.measure(shifts, whitenings)
    editor.apply(shifts, traced)


def _solve_times() -> dict[str, float]:
    """At the key width of a 7B model; float32."""
    generator = torch.Generator().manual_seed(0)
    keys = torch.randn(LARGE_ROWS, LARGE_KEY, generator=generator).to(_device())
    target = torch.randn(LARGE_ROWS, LARGE_VALUE, generator=generator).to(_device())
    dual = min(_seconds(lambda: ridge_dual(keys, target, 10.0).dense()) for _ in range(3))
    primal = _seconds(lambda: ridge_primal(keys, target, 10.0))
    return {
        "dual_seconds": round(dual, 3),
        "primal_seconds": round(primal, 3),
        "dual_over_primal": round(dual / primal, 4),
    }


def _large_step() -> dict[str, float]:
    """Statistics, whitening and solve of one module of a 7B model, without its passes."""
    generator = torch.Generator().manual_seed(1)
    values = torch.randn(2 * LARGE_VALUE, LARGE_VALUE, generator=generator).to(_device())
    covariance = values.T @ values / len(values)
    seconds = _seconds(lambda: whitening(covariance, 0.01, True, torch.float32))
    return {"decomposition": round(seconds, 3)}


def _seconds(work: Callable[[], object]) -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    began = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
