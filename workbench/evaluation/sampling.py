"""Ordinary text that the unedited model writes by itself: no corpus, no licence, any language."""

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from workbench.evaluation.answers import decode
from workbench.evaluation.batching import Watch
from workbench.evaluation.generation import Stop, end_tokens, generate
from workbench.models.caching import next_logits
from workbench.models.chat import encode_chat_prompt
from workbench.models.encoding import Encoded, encode_prompt
from workbench.models.loaded import LoadedModel
from workbench.storage.partials import whole_file

OPENING_TOKENS = 16  # of a text, where it is put as a message

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
    watch = watch or Watch()
    watch.total = watch.done + count
    name, key = _named(loaded, seed, count, length)
    return _once(name, key, cache_dir, lambda: _sample(loaded, seed, count, length, watch))


def are_at_hand(
    loaded: LoadedModel, seed: int = 0, count: int = 200, length: int = 64, cache_dir: Path | None = None
) -> bool:
    """Whether ``sample_texts`` need not write them."""
    return _found(*_named(loaded, seed, count, length), cache_dir) is not None


def _named(loaded: LoadedModel, seed: int, count: int, length: int) -> tuple[str, dict[str, Any]]:
    """A file's name, and what it must be of."""
    key = {"model": loaded.sha256, "seed": seed, "count": count, "length": length}
    return f"{loaded.sha256[:16]}-seed{seed}-{count}x{length}.json", key


def sample_replies(
    loaded: LoadedModel,
    texts: Sequence[str],
    seed: int = 0,
    length: int = 32,
    cache_dir: Path | None = None,
    watch: Watch | None = None,
) -> tuple[Encoded, ...]:
    """What the model says in the chat to the opening of each text, at most ``length`` tokens at temperature 1; kept as
    ``sample_texts`` are. ``loaded`` must not be edited yet. Raises InputError where its template refuses the texts."""
    tokenizer = loaded.tokenizer
    opened = [decode(tokenizer, encode_prompt(tokenizer, text)[:OPENING_TOKENS]) for text in texts]
    asked = [encode_chat_prompt(tokenizer, text) for text in opened]
    asked = [ids for ids in asked if len(ids) + length <= loaded.window]
    key = {"model": loaded.sha256, "seed": seed, "length": length, "asked": [list(ids) for ids in asked]}
    digest = hashlib.sha256(json.dumps(key["asked"]).encode()).hexdigest()[:16]

    def write() -> tuple[str, ...]:
        draws = torch.rand(len(asked), length, generator=torch.Generator().manual_seed(seed))

        def pick(logits: Tensor, rows: list[int], step: int) -> Tensor:
            return draw(logits, draws[rows, step].to(logits.device))

        written = generate(loaded, asked, Stop([length] * len(asked), end_tokens(loaded)), pick, watch)
        return tuple(decode(tokenizer, ids) for ids in written)

    name = f"{loaded.sha256[:16]}-seed{seed}-replies-{digest}-{length}.json"
    replies = _once(name, key, cache_dir, write)
    read = [
        (ids, tuple(tokenizer(text, add_special_tokens=False)["input_ids"]))
        for ids, text in zip(asked, replies, strict=True)
    ]
    return tuple(Encoded(ids + reply[:-1], reply, len(ids) - 1) for ids, reply in read if reply)


def _once(
    name: str, key: dict[str, Any], cache_dir: Path | None, write: Callable[[], tuple[str, ...]]
) -> tuple[str, ...]:
    """From what comes with the workbench or from ``cache_dir``, else written and kept there."""
    if (kept := _found(name, key, cache_dir)) is not None:
        return kept
    texts = write()
    if cache_dir is not None:
        _write(cache_dir / name, key | {"texts": texts})
    return texts


def _found(name: str, key: dict[str, Any], cache_dir: Path | None) -> tuple[str, ...] | None:
    places: list[Traversable | Path] = [files("workbench.resources") / "texts"]
    places += [cache_dir] if cache_dir is not None else []
    read = (_read(place / name, key) for place in places)
    return next((texts for texts in read if texts is not None), None)


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
        _log.warning("The sampled text could not be saved in %s: %s.", file.parent, error.strerror)
