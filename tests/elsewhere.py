"""A second device that no machine has: its tensors compute as on the CPU, and no operation mixes them with the CPU's.

What would only make a GPU wait, such as a mask in place of positions, is counted."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

ELSEWHERE = torch.device(
    "lazy", 0
)  # torch knows of it, has no kernels for it and runs its backward passes here
CPU = torch.device("cpu")
_MOVES = ("copy_", "_to_copy", "to")
waits: Counter[str] = Counter()


@contextmanager
def second_device() -> Iterator[None]:
    """Within it there is ELSEWHERE, and models can be moved there."""
    before = torch.__future__.get_overwrite_module_params_on_conversion()
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    waits.clear()
    try:
        with _Dispatch(), _Calls():  # type: ignore[no-untyped-call]
            yield
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(before)


class _There(Tensor):
    held: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> "_There":
        made: _There = Tensor._make_wrapper_subclass(
            cls, inner.size(), strides=inner.stride(), dtype=inner.dtype, device=ELSEWHERE
        )
        made.held = inner
        return made

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return _run(func, args, kwargs or {})

    def tolist(self) -> list[Any]:
        waits["tolist"] += 1
        return self.detach().held.tolist()  # type: ignore[attr-defined, no-any-return]


class _Dispatch(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


class _Calls(TorchFunctionMode):
    """``torch.tensor`` moves its result below what a mode sees."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        given = dict(kwargs or {})
        if function is torch.tensor and given.get("device") == ELSEWHERE:
            del given["device"]
            return function(*args, **given).to(ELSEWHERE)
        return function(*args, **given)


def _run(operation: Any, args: Any, given: dict[str, Any]) -> Any:
    name = operation.overloadpacket.__name__
    tensors = [t for t in tree_leaves((args, given)) if isinstance(t, Tensor)]
    there = [t for t in tensors if isinstance(t, _There)]
    mixed = there and any(t.dim() and not isinstance(t, _There) for t in tensors)
    if mixed and name not in _MOVES:
        raise RuntimeError(f"{operation} mixes devices: {[(type(t).__name__, t.shape) for t in tensors]}")
    if there and name.startswith("index") and any(t.dtype == torch.bool for t in tensors[1:]):
        waits["mask"] += 1
    asked = [d for d in tree_leaves((args, given)) if isinstance(d, torch.device)]
    ends_there = isinstance(args[0], _There) if name == "copy_" else bool(there)
    ends_there = asked[0] == ELSEWHERE if asked else ends_there
    inner_args, inner_given = tree_map(_inner, (args, given))
    found = operation(*inner_args, **inner_given)
    in_place = tensors if operation._schema.is_mutable else []
    changed = {id(_inner(t)): t for t in in_place}  # comes out as it went in
    return tree_map(
        lambda t: changed.get(id(t), _There(t) if ends_there else t) if isinstance(t, Tensor) else t, found
    )


def _inner(value: Any) -> Any:
    if isinstance(value, torch.device):
        return CPU
    return value.held if isinstance(value, _There) else value
