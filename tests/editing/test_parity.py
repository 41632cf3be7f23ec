"""The statistics and updates against the float64 reference vectors, every normalisation and scope."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import Tensor

from workbench.editing.moments import Moments
from workbench.editing.shift import Shift, ridge_dual, ridge_primal
from workbench.editing.update import residual
from workbench.editing.whitening import whitening

WARMUP, STEPS, MODULES = 5, 13, 2
STEP_SIZE, RIDGE, FLOOR = 3e-3, 10.0, 1e-6
NORMALISATION = {"stable": "whitening", "diagonal": "diagonal", "none": "none"}


@pytest.fixture(scope="module")
def vectors(shared_data: Path) -> dict[str, npt.NDArray[np.float64]]:
    path = shared_data / "parity" / "vectors.npz"
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def relative_difference(got: Tensor, wanted: npt.NDArray[np.float64]) -> float:
    return float(np.linalg.norm(got.double().numpy() - wanted) / np.linalg.norm(wanted))


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 2e-3)])
@pytest.mark.parametrize("scope", ["module", "shape"])
@pytest.mark.parametrize("mode", ["stable", "diagonal", "none"])
@pytest.mark.parametrize("solve", [ridge_dual, ridge_primal])
def test_shifts_meet_the_reference(
    vectors: dict[str, npt.NDArray[np.float64]],
    mode: str,
    scope: str,
    dtype: torch.dtype,
    tolerance: float,
    solve: Callable[[Tensor, Tensor, float], Shift],
) -> None:
    d_key, d_value = vectors["stable/module/module0/step00/shift"].shape
    own = [Moments.empty(d_key, d_value, mode == "stable", dtype) for _ in range(MODULES)]
    statistics = own if scope == "module" else [own[0]] * MODULES
    worst = 0.0
    for step in range(STEPS):
        rows = [
            (
                torch.from_numpy(vectors[f"module{m}/step{step:02}/keys"]).to(dtype),
                torch.from_numpy(vectors[f"module{m}/step{step:02}/grads"]).to(dtype),
            )
            for m in range(MODULES)
        ]
        for m, (keys, values) in enumerate(rows):
            statistics[m].update(keys, values)
        for m, (keys, values) in enumerate(rows):
            whitened = None
            if mode == "stable" and step >= WARMUP and statistics[m].can_whiten:
                whitened = whitening(statistics[m].covariance(), FLOOR, relative=False, dtype=dtype)
            target = residual(
                keys,
                values,
                statistics[m],
                whitened,
                NORMALISATION[mode],
                step_size=STEP_SIZE,
                rescale=False,
            )
            shift = solve(keys, target, RIDGE).dense()
            wanted = vectors[f"{mode}/{scope}/module{m}/step{step:02}/shift"]
            worst = max(worst, relative_difference(shift, wanted))
    assert worst <= tolerance
