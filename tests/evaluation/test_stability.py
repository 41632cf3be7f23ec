"""Norms and angles through the factors against dense shifts."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.evaluation.scores import Floats
from workbench.evaluation.stability import cosine, frobenius_norm, inner

decades = st.integers(-18, 18)
sizes = st.integers(1, 12)


def factors(rows: int, d_in: int, d_out: int, scale: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    made = torch.Generator().manual_seed(seed)
    left = torch.randn(rows, d_in, generator=made) * 10.0**scale
    return left, torch.randn(rows, d_out, generator=made)


def dense(left: torch.Tensor, right: torch.Tensor) -> Floats:
    found: Floats = left.double().numpy().T @ right.double().numpy()
    return found


@settings(deadline=None)
@given(rows_a=sizes, rows_b=sizes, d_in=sizes, d_out=sizes, a=decades, b=decades, seed=st.integers(0, 2**32))
def test_factors_give_what_the_dense_shifts_give(
    rows_a: int, rows_b: int, d_in: int, d_out: int, a: int, b: int, seed: int
) -> None:
    first, second = factors(rows_a, d_in, d_out, a, seed), factors(rows_b, d_in, d_out, b, seed + 1)
    one, two = dense(*first), dense(*second)
    lengths = float(np.linalg.norm(one)), float(np.linalg.norm(two))
    product = float((one * two).sum())
    assert frobenius_norm(*first) == pytest.approx(lengths[0], rel=1e-6)
    assert inner(*first, *second) == pytest.approx(product, rel=1e-6, abs=1e-9 * lengths[0] * lengths[1])


def test_near_dependent_rows_keep_their_small_difference() -> None:
    left, right = factors(1, 40, 30, 0, 1)
    change = torch.randn(1, 40, generator=torch.Generator().manual_seed(2)) * 1e-4
    lefts, rights = torch.cat([left, left + change]), torch.cat([right, -right])
    assert frobenius_norm(lefts, rights) == pytest.approx(np.linalg.norm(dense(lefts, rights)), rel=1e-6)


def test_angles_at_the_ends() -> None:
    assert cosine(2.0, 2.0, 1.0) == 1
    assert cosine(-2.0 - 1e-12, 2.0, 1.0) == -1
    assert math.isnan(cosine(0.0, 0.0, 1.0))
    left, right = factors(3, 5, 4, 0, 3)
    assert frobenius_norm(left, 0 * right) == 0
