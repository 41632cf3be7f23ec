"""C₀: the mean outer product of each module's keys over ordinary text."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from workbench.editing.control import Control
from workbench.editing.kept_tensors import KeptTensors, of_model
from workbench.errors import Cancelled
from workbench.models.encoding import encode_prompt
from workbench.models.forward import length_batches, pad
from workbench.models.loaded import LoadedModel
from workbench.models.modules import EditableModule, module_of

TOKENS_PER_TEXT = 64
TEXTS_PER_BATCH = 8


def text_keys(
    loaded: LoadedModel,
    modules: Sequence[EditableModule],
    texts: Sequence[str],
    control: Control,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Tensor]:
    """Module name → C₀ (d_k, d_k) float32 on the model's device, over each text's first 64 tokens.

    The first token is left out: most models park attention there with keys far larger than any other."""
    encoded = [encode_prompt(loaded.tokenizer, text)[:TOKENS_PER_TEXT] for text in texts]
    encoded = [ids for ids in encoded if len(ids) > 1]
    sums = {m.name: torch.zeros(m.d_in, m.d_in, device=loaded.device) for m in modules}
    done = 0
    with torch.inference_mode(), _Collector(loaded, modules, sums) as collector:
        for group in length_batches([len(ids) for ids in encoded], TEXTS_PER_BATCH):
            if control.is_set():
                raise Cancelled("Stopped while reading ordinary text; the model is as it was.")
            batch = [encoded[i] for i in group]
            ids = pad(batch, loaded.device)
            lengths = torch.tensor([len(row) for row in batch], device=loaded.device)
            column = torch.arange(ids.shape[1], device=loaded.device)
            inside = (column >= 1) & (column < lengths[:, None])  # (B, T)
            collector.kept = inside.flatten().nonzero()[:, 0]
            loaded.model.base_model(input_ids=ids, use_cache=False)
            done += len(group)
            progress(done, len(encoded))
    rows = sum(len(ids) - 1 for ids in encoded)
    return {name: total.clone() / max(rows, 1) for name, total in sums.items()}


def known_text_keys(
    folder: Path | None,
    loaded: LoadedModel,
    modules: Sequence[EditableModule],
    texts: Sequence[str],
    control: Control,
    progress: Callable[[int, int], None],
) -> dict[str, Tensor]:
    """As ``text_keys`` of the unedited model, from ``folder`` after the first time."""
    if folder is None:
        return text_keys(loaded, modules, texts, control, progress)
    kept, key = KeptTensors(folder), ["text keys", *of_model(loaded, modules), list(texts)]
    found = kept.find(key)
    if found is None:
        found = text_keys(loaded, modules, texts, control, progress)
        kept.keep(key, found)
    return {name: keys.to(loaded.device) for name, keys in found.items()}


class _Collector:
    """Hooks that add HᵀH of the kept positions to each module's sum."""

    def __init__(
        self, loaded: LoadedModel, modules: Sequence[EditableModule], sums: dict[str, Tensor]
    ) -> None:
        self.kept = torch.empty(0)  # (rows,) positions in the flattened batch
        self._live = {m.name: module_of(loaded.model, m) for m in modules}
        self._sums = sums
        self._thread = threading.get_ident()
        self._handles: list[torch.utils.hooks.RemovableHandle] = []

    def __enter__(self) -> "_Collector":
        for name, module in self._live.items():
            self._handles.append(module.register_forward_pre_hook(self._hook(name)))
        return self

    def __exit__(self, *_exception: object) -> None:
        for handle in self._handles:
            handle.remove()

    def _hook(self, name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def add(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            if threading.get_ident() != self._thread:  # somebody probes the model between two batches
                return
            hidden = inputs[0]  # (B, T, d_k), or (B·T, d_k) in OPT
            keys = hidden.reshape(-1, hidden.shape[-1])[self.kept].float()  # (rows, d_k)
            self._sums[name].addmm_(keys.T, keys)

        return add
