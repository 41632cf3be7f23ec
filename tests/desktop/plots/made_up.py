"""Plausible events without an engine: norms that stay bounded, drift like a root, cosines that decay."""

import math
from collections.abc import Iterator

import numpy as np

from workbench.editing.events import Evaluated, Event, ModuleStep, RunStarted, StepApplied
from workbench.evaluation.scores import FactScores, Scores

NAN = float("nan")
D_OUT = 576
EMPTY = np.empty(0)


def module_names(count: int, first_layer: int = 18) -> tuple[str, ...]:
    return tuple(f"model.layers.{first_layer + i}.mlp.down_proj" for i in range(count))


def module_step(random: np.random.Generator, step: int, rank: float, spectrum: bool = True) -> ModuleStep:
    """``rank``: 0 for the lowest layer, 1 for the highest."""
    norm = (10.5 - 6 * rank) * (1 + 0.06 * random.standard_normal())
    eigenvalues = 80 * np.exp(-np.linspace(0, 11, 128) * (1 - 0.3 * math.exp(-step / 10))) * 1e-6
    floor = 0.01 * float(eigenvalues.mean())
    return ModuleStep(
        shift_norm=norm,
        weight_drift=0.06 * (1 - 0.5 * rank) * math.sqrt(step) * (1 + 0.01 * random.standard_normal()),
        cosine_previous=NAN if step == 1 else 0.2 * math.exp(-step / 12) + 0.02 * random.standard_normal(),
        cosine_sum=NAN if step == 1 else 0.3 * math.exp(-step / 15) + 0.01 * random.standard_normal(),
        eigenvalue_min=float(eigenvalues[-1]) if spectrum else NAN,
        eigenvalue_max=float(eigenvalues[0]) if spectrum else NAN,
        condition=float(eigenvalues[0]) / floor if spectrum else NAN,
        floored_share=float((eigenvalues < floor).mean()) if spectrum else 0.0,
        floor=floor if spectrum else NAN,
        rows=1_164 + 120 * step,
        d_out=D_OUT,
        spectrum=eigenvalues if spectrum else EMPTY,
    )


def step_event(
    random: np.random.Generator, step: int, modules: tuple[str, ...], batch: int = 100, total: int = 0
) -> StepApplied:
    last = max(1, len(modules) - 1)
    success = 0.85 - 0.45 * math.exp(-step / 6) + 0.02 * random.standard_normal()
    return StepApplied(
        step=step,
        facts_done=step * batch,
        facts_total=total or step * batch,
        first_fact=(step - 1) * batch,
        facts=batch,
        rows=batch * 2,
        loss=5.2 + 0.3 * random.standard_normal(),
        success=min(1.0, success),
        success_before=0.05 + 0.03 * abs(random.standard_normal()),
        success_first=0.42 - 0.002 * step if step < 60 else 0.3,
        success_random=NAN if step == 1 else 0.5 + 0.04 * random.standard_normal(),
        random_step=max(0, step - 1),
        modules={name: module_step(random, step, i / last) for i, name in enumerate(modules)},
        seconds=1.4 + 0.1 * random.standard_normal(),
        memory_bytes=int(1.9e9 + 2e6 * step),
    )


def evaluated(step: int, batch: int = 100, facts: int = 3_000) -> Evaluated:
    done = 1 - math.exp(-step / 10)
    scores = Scores(
        es=0.046 + 0.45 * done,
        gs=0.03 + 0.07 * done,
        ls=0.08 + 0.04 * done,
        exact=0.3 * done,
        generated=0.25 * done,
        preference=NAN,
        locality_kept=1 - 0.38 * done,
        perplexity=107.6 + 22 * done,
        facts=step * batch if step else facts,
    )
    return Evaluated(
        step, scores, FactScores(EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY, EMPTY), retention(step)
    )


def retention(step: int) -> np.ndarray:
    """(step,): later steps take better, and all fade."""
    edited = np.arange(1, step + 1)
    return np.asarray((0.9 - 0.45 * np.exp(-edited / 6)) * np.exp(-(step - edited) / 40))


def run_events(
    steps: int, modules: int = 9, batch: int = 100, evaluate_every: int = 5, seed: int = 0
) -> Iterator[Event]:
    random, names = np.random.default_rng(seed), module_names(modules)
    yield RunStarted(steps * batch, 1_000, steps, names, D_OUT + 2)
    yield evaluated(0, batch, steps * batch)
    for step in range(1, steps + 1):
        yield step_event(random, step, names, batch, steps * batch)
        if evaluate_every and step % evaluate_every == 0:
            yield evaluated(step, batch)
