"""Running statistics of keys and value gradients: the normal–inverse-Wishart recursion of method step 2."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

EPSILON = 2.220446049250313e-16  # added to standard deviations, as the reference does


@dataclass(slots=True)
class Moments:
    """Never reset between steps. One object per module, or one per shape where the scope is pooled.

    No tensor is changed in place, so ``snapshot`` costs nothing."""

    rows: int  # n
    mean_key: Tensor  # (d_k,)
    mean_value: Tensor  # (d_v,)
    m2_key: Tensor  # (d_k,) sum of squared deviations
    m2_value: Tensor  # (d_v,)
    scatter: Tensor | None  # (d_v, d_v) Ψ; None where nothing is whitened

    @classmethod
    def empty(
        cls, d_key: int, d_value: int, whiten: bool, dtype: torch.dtype, device: torch.device | str = "cpu"
    ) -> "Moments":

        def zeros(*shape: int) -> Tensor:
            return torch.zeros(*shape, dtype=dtype, device=device)

        scatter = zeros(d_value, d_value) if whiten else None
        return cls(0, zeros(d_key), zeros(d_value), zeros(d_key), zeros(d_value), scatter)

    def update(self, keys: Tensor, values: Tensor) -> None:
        """``keys`` (b, d_k) and ``values`` (b, d_v) of one batch; b = 0 changes nothing."""
        b = len(keys)
        if b == 0:
            return
        keys, values = keys.to(self.mean_key), values.to(self.mean_value)
        before, self.rows = self.rows, self.rows + b
        weight = before * b / self.rows
        self._update_keys(keys, weight)
        self._update_values(values, weight)

    def _update_keys(self, keys: Tensor, weight: float) -> None:
        batch_mean = keys.mean(0)
        delta = batch_mean - self.mean_key
        self.m2_key = self.m2_key + (keys - batch_mean).square_().sum(0) + weight * delta**2
        self.mean_key = self.mean_key + delta * (len(keys) / self.rows)

    def _update_values(self, values: Tensor, weight: float) -> None:
        batch_mean = values.mean(0)
        delta = batch_mean - self.mean_value
        centred = values - batch_mean
        self.m2_value = self.m2_value + centred.square().sum(0) + weight * delta**2
        if self.scatter is not None:
            self.scatter = torch.addmm(self.scatter, centred.T, centred).addr_(delta, delta, alpha=weight)
        self.mean_value = self.mean_value + delta * (len(values) / self.rows)

    @property
    def rows_needed(self) -> int:
        """How many rows full whitening needs before Σ̂ = Ψ/(n − d_v − 1) exists."""
        return len(self.mean_value) + 2

    @property
    def can_whiten(self) -> bool:
        return self.scatter is not None and self.rows >= self.rows_needed

    def covariance(self) -> Tensor:
        """Σ̂ (d_v, d_v); only where ``can_whiten``."""
        assert self.scatter is not None
        assert self.can_whiten
        return self.scatter / (self.rows - len(self.mean_value) - 1)

    def normalise_keys(self, keys: Tensor) -> Tensor:
        """ĥ (b, d_k)."""
        return (keys.to(self.mean_key) - self.mean_key) * _inverse_std(self.m2_key, self.rows)

    def normalise_values(self, values: Tensor) -> Tensor:
        """v̂ (b, d_v), each dimension scaled on its own."""
        return (values.to(self.mean_value) - self.mean_value) * _inverse_std(self.m2_value, self.rows)

    def tensors(self) -> dict[str, Tensor]:
        """Everything that has to be kept to go on later, by name."""
        kept = {name: getattr(self, name) for name in ("mean_key", "mean_value", "m2_key", "m2_value")}
        return kept if self.scatter is None else kept | {"scatter": self.scatter}

    def load(self, rows: int, tensors: dict[str, Tensor]) -> None:
        """Take over what ``tensors`` gave; shapes and dtypes must agree."""
        self.rows = rows
        for name, tensor in self.tensors().items():
            setattr(self, name, torch.empty_like(tensor).copy_(tensors[name]))

    def snapshot(self) -> "Moments":
        """The statistics as they are now, whatever is added later."""
        return replace(self)


def _inverse_std(m2: Tensor, rows: int) -> Tensor:
    """1/σ per dimension; a dimension that never varies gets 0, so that rounding there is not blown up."""
    std = (m2 / max(rows - 1, 1)).sqrt()
    dead = std <= torch.finfo(std.dtype).eps * std.max()
    return torch.where(dead, torch.zeros_like(std), 1 / (std + EPSILON))
