"""Prior precision P_t = λI + βC₀ + η Σ_{s<t} H_sᵀH_s: key protection and edit memory by recursive least squares."""

import torch
from torch import Tensor

from workbench.editing.shift import Shift, solve_positive


class Precision:
    """Holds A = P⁻¹, (d_k, d_k). A float32 A takes 4·d_k² bytes a module."""

    def __init__(self, inverse: Tensor) -> None:
        self.inverse = inverse

    @classmethod
    def prior(cls, ridge: float, protection: float, text_keys: Tensor | None, like: Tensor) -> "Precision":
        """A = (λI + βC₀)⁻¹ with ``text_keys`` = C₀ (d_k, d_k), or λ⁻¹I without; dtype and device of ``like``
        (any tensor whose last dimension is d_k). Solved in float64."""
        d_key = like.shape[-1]
        identity = torch.eye(d_key, dtype=torch.float64, device=like.device)
        if protection == 0 or text_keys is None:
            return cls((identity / ridge).to(like.dtype))
        matrix = protection * text_keys.double()
        matrix.diagonal().add_(ridge)
        inverse = solve_positive(matrix, identity)
        return cls(((inverse + inverse.T) / 2).to(like.dtype))

    def shift(self, keys: Tensor, residual: Tensor) -> Shift:
        """Δ = AHᵀ(HAHᵀ + I)⁻¹R. ``keys`` (n, d_k), ``residual`` (n, d_v)."""
        weighted = keys @ self.inverse  # (n, d_k) HA
        gram = weighted @ keys.T  # (n, n) HAHᵀ
        gram.diagonal().add_(1)
        return Shift(weighted, solve_positive((gram + gram.T) / 2, residual)).smaller()

    def remember(self, keys: Tensor, memory: float) -> None:
        """A ← A − ηAHᵀ(I + ηHAHᵀ)⁻¹HA, as a symmetric downdate A − YᵀY that keeps A symmetric."""
        if memory == 0 or len(keys) == 0:
            return
        weighted = keys @ self.inverse
        gram = memory * (weighted @ keys.T)
        gram = (gram + gram.T) / 2
        gram.diagonal().add_(1)
        factor = torch.linalg.cholesky(gram)  # (n, n) lower
        scaled = torch.linalg.solve_triangular(factor, weighted, upper=False)  # (n, d_k)
        self.inverse.addmm_(scaled.T, scaled, alpha=-memory)
