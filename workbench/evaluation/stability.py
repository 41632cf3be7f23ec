"""Norms and angles of weight shifts through their factors: Δ = leftᵀ·right, left (r, d_k), right (r, d_v).

Products are taken in float64 on factors scaled to a largest entry of 1, so that neither the squares of very
small or large shifts nor near-dependent rows lose the result.
"""

import math

from torch import Tensor


def frobenius_norm(left: Tensor, right: Tensor) -> float:
    """‖leftᵀ·right‖_F."""
    (left, right), scale = _scaled(left, right)
    return scale * math.sqrt(max(_inner(left, right, left, right), 0.0))


def inner(left_a: Tensor, right_a: Tensor, left_b: Tensor, right_b: Tensor) -> float:
    """⟨Δ_a, Δ_b⟩ = tr(right_aᵀ(left_a·left_bᵀ)right_b); no d_k × d_v product is formed."""
    (left_a, right_a), scale_a = _scaled(left_a, right_a)
    (left_b, right_b), scale_b = _scaled(left_b, right_b)
    return scale_a * scale_b * _inner(left_a, right_a, left_b, right_b)


def cosine(product: float, norm_a: float, norm_b: float) -> float:
    """From ⟨a, b⟩ and the two norms, -1 to 1; NaN where either is zero."""
    if not (norm_a > 0 and norm_b > 0):
        return math.nan
    return min(1.0, max(-1.0, product / norm_a / norm_b))


def _inner(left_a: Tensor, right_a: Tensor, left_b: Tensor, right_b: Tensor) -> float:
    """Σ_ij (left_a·left_bᵀ)_ij (right_a·right_bᵀ)_ij, (r_a, r_b)."""
    return float(((left_a @ left_b.T) * (right_a @ right_b.T)).sum())


def _scaled(*factors: Tensor) -> tuple[list[Tensor], float]:
    """In float64 with a largest entry of 1 each, and the product of what they were divided by."""
    largest = [float(f.abs().amax()) if f.numel() else 0.0 for f in factors]
    scaled = [f.double() / (m if m > 0 else 1.0) for f, m in zip(factors, largest, strict=True)]
    return scaled, math.prod(largest)
