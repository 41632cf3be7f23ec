"""Ordinary text that the unedited model writes by itself: no corpus, no licence, any language."""

import json
import logging
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from workbench.evaluation.answers import decode
from workbench.evaluation.batching import Watch
from workbench.evaluation.generation import Stop, generate
from workbench.models.caching import next_logits
from workbench.models.encoding import encode_prompt
from workbench.models.loaded import LoadedModel
from workbench.storage.partials import whole_file

_log = logging.getLogger(__name__)


def sample_texts(
    loaded: LoadedModel,
    seed: int = 0,
    count: int = 200,
    length: int = 64,
    cache_dir: Path | None = None,
    watch: Watch | None = None,
) -> tuple[str, ...]:
    """``count`` texts of ``length`` tokens at temperature 1, without special tokens.

    Each opens with a word drawn from the model's own distribution at the start of a document. The same model,
    seed, count and length give the same texts, from ``cache_dir`` after the first time or from those that come with
    the workbench. ``loaded`` must not be edited yet.
    """
    key = {"model": loaded.sha256, "seed": seed, "count": count, "length": length}
    name = f"{loaded.sha256[:16]}-seed{seed}-{count}x{length}.json"
    places: list[Traversable | Path] = [files("workbench.resources") / "texts"]
    places += [cache_dir] if cache_dir is not None else []
    for place in places:
        if (kept := _read(place / name, key)) is not None:
            return kept
    watch = watch or Watch()
    watch.total = watch.done + count
    texts = _sample(loaded, seed, count, length, watch)
    if cache_dir is not None:
        _write(cache_dir / name, key | {"texts": texts})
    return texts


def _sample(loaded: LoadedModel, seed: int, count: int, length: int, watch: Watch) -> tuple[str, ...]:
    draws = torch.rand(count, length, generator=torch.Generator().manual_seed(seed))  # one per text and token
    vocabulary = _Vocabulary(loaded)

    def pick(logits: Tensor, rows: list[int], step: int) -> Tensor:
        barred = vocabulary.not_opening if step == 0 else vocabulary.special
        logits.masked_fill_(barred, -torch.inf)
        return draw(logits, draws[rows, step].to(logits.device))

    length = min(length, loaded.window - 1)
    written = generate(loaded, [vocabulary.start] * count, Stop([length] * count), pick, watch)
    return tuple(decode(loaded.tokenizer, ids) for ids in written)


def draw(logits: Tensor, uniform: Tensor) -> Tensor:
    """One token a row by inverting the distribution's sum: logits (B, V), uniform (B,) in [0, 1) → (B,)."""
    mass = logits.softmax(-1).cumsum(-1)
    target = uniform[:, None] * mass[:, -1:]
    return torch.searchsorted(mass, target, right=True)[:, 0].clamp_max(logits.shape[1] - 1)


class _Vocabulary:
    """Which tokens a text may start with and hold; masks are (V,) on the model's device."""

    def __init__(self, loaded: LoadedModel) -> None:
        model, tokenizer = loaded.model, loaded.tokenizer
        size = model.get_output_embeddings().weight.shape[0]
        known = min(size, len(tokenizer))
        special = torch.ones(size, dtype=torch.bool)  # ids beyond the tokenizer's are padding of the matrix
        special[:known] = False
        added = (i for i, token in tokenizer.added_tokens_decoder.items() if token.special)
        special[[i for i in (*tokenizer.all_special_ids, *added) if i < size]] = True
        words = tokenizer.batch_decode([[i] for i in range(known)])
        opening = torch.zeros(size, dtype=torch.bool)
        opening[:known] = torch.tensor([word.isalpha() and not word[0].islower() for word in words])
        opening &= ~special
        self.special = special.to(model.device)
        self.not_opening = (~opening if opening.any() else special).to(model.device)
        self.start = self._start(loaded)

    @torch.inference_mode()
    def _start(self, loaded: LoadedModel) -> tuple[int, ...]:
        """The special token after which the model most expects a word that opens a text."""
        tokenizer = loaded.tokenizer
        ids = (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id, tokenizer.pad_token_id)
        known = list(dict.fromkeys(i for i in ids if i is not None and i < len(self.special)))
        if not known:
            return encode_prompt(tokenizer, "\n")
        logits, _cache = next_logits(
            loaded.model, torch.tensor(known, device=loaded.model.device)[:, None], None
        )
        mass = logits.softmax(-1)[:, ~self.not_opening].sum(-1)
        return (known[int(mass.argmax())],)


def _read(file: Traversable | Path, key: dict[str, Any]) -> tuple[str, ...] | None:
    """None where there is no such file, or it is not what it should be."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        texts = found.pop("texts")
    except (OSError, ValueError, AttributeError, KeyError):
        return None
    sound = found == key and isinstance(texts, list) and all(isinstance(text, str) for text in texts)
    return tuple(texts) if sound else None


def _write(file: Path, content: dict[str, Any]) -> None:
    """Whole or not at all; a cache that cannot be written costs time and nothing else."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(file) as partial:
            partial.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
    except OSError as error:
        _log.warning("The sampled text could not be kept in %s: %s.", file.parent, error.strerror)
