"""Editable modules: the linear maps of a model's blocks, by layer and projection."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from workbench.errors import ModelLoadError, SettingError

_HIGHEST_LAYER = 9_999  # bounds what a range in a pattern expands to
_MOST_NAMES = 10_000  # that a pattern may stand for
_MOST_BRACES = 20  # in one name


@dataclass(frozen=True, slots=True)
class EditableModule:
    """One linear map. ``transposed``: the weight is stored (d_in, d_out), as GPT-2's Conv1D does."""

    name: str  # "model.layers.7.mlp.down_proj"
    layer: int
    projection: str  # "mlp.down_proj"
    d_in: int
    d_out: int
    transposed: bool = False


def editable_modules(model: PreTrainedModel) -> tuple[EditableModule, ...]:
    """Every linear map of the decoder's blocks, layer by layer. Raises ModelLoadError where there is none."""
    prefix, blocks = _blocks(model)
    found = tuple(
        _described(f"{prefix}.{layer}.{projection}", layer, projection, linear)
        for layer, block in enumerate(blocks)
        for projection, linear in _linears(block)
    )
    if not found:
        raise ModelLoadError(
            f"{type(model).__name__} has no linear maps in its blocks to edit: choose another model."
        )
    return found


def module_of(model: PreTrainedModel, module: EditableModule) -> nn.Module:
    """The live module behind the description."""
    return model.get_submodule(module.name)


def _blocks(model: PreTrainedModel) -> tuple[str, nn.ModuleList]:
    """Name and list of the decoder's blocks: as many as the config says, the largest list if several.

    Only inside the decoder: the vision tower of a multimodal model may be just as deep.
    """
    depth = getattr(model.config.get_text_config(decoder=True), "num_hidden_layers", None)
    inside = set(model.get_decoder().modules())
    candidates = [
        (name, part)
        for name, part in model.named_modules()
        if part in inside and isinstance(part, nn.ModuleList) and len(part) == depth
    ]
    if not candidates:
        raise ModelLoadError(
            f"{type(model).__name__} keeps its {depth} layers in no list of blocks: choose another model."
        )
    return max(candidates, key=lambda found: sum(p.numel() for p in found[1].parameters()))


def _linears(block: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Linear maps that see every token: experts, kept in lists inside the block, see only some."""
    experts = tuple(f"{name}." for name, part in block.named_modules() if isinstance(part, nn.ModuleList))
    for name, part in block.named_modules():
        if isinstance(part, (nn.Linear, Conv1D)) and not name.startswith(experts):
            yield name, part


def _described(name: str, layer: int, projection: str, linear: nn.Module) -> EditableModule:
    rows, columns = linear.weight.shape  # type: ignore[misc]  # Tensor | Module to mypy
    transposed = isinstance(linear, Conv1D)
    d_in, d_out = (rows, columns) if transposed else (columns, rows)
    return EditableModule(name, layer, projection, int(d_in), int(d_out), transposed)


def select(modules: Sequence[EditableModule], pattern: str) -> tuple[EditableModule, ...]:
    """The modules that a pattern names, in the model's order.

    Terms, separated by commas: full names with ``*``, ``{18..26}`` and ``{1,4,7}``
    (``model.layers.{18..26}.mlp.down_proj``), or ``projection@layers`` (``mlp.down_proj@18-26,28``).
    Raises SettingError("modules", …) for a malformed pattern and for any part of it that matches nothing.
    """
    terms = _terms(pattern)
    if not terms:
        raise SettingError("modules", f"No module is named: {_what_exists(modules)}")
    chosen: set[str] = set()
    for number, single in enumerate(single for term in terms for single in _expanded(term)):
        matched = _matched(modules, single)
        if not matched:
            raise SettingError("modules", f"{single!r} matches no editable module: {_what_exists(modules)}")
        if number >= _MOST_NAMES:
            raise _too_many(pattern)
        chosen |= matched
    return tuple(m for m in modules if m.name in chosen)


def as_pattern(modules: Iterable[EditableModule]) -> str:
    """A pattern that selects exactly these modules; empty for none."""
    layers: dict[tuple[str, str], list[int]] = {}
    for m in modules:
        prefix = m.name.removesuffix(f".{m.layer}.{m.projection}")
        layers.setdefault((prefix, m.projection), []).append(m.layer)
    return ", ".join(f"{prefix}.{_braced(at)}.{projection}" for (prefix, projection), at in layers.items())


def _braced(layers: Sequence[int]) -> str:
    if len(set(layers)) == 1:
        return str(layers[0])
    return "{" + ",".join(a if a == b else f"{a}..{b}" for a, b in _runs(layers)) + "}"


def _runs(layers: Iterable[int]) -> list[tuple[str, str]]:
    """First and last of each run of consecutive numbers."""
    groups = [
        [n for _, n in run]
        for _, run in groupby(enumerate(sorted(set(layers))), key=lambda pair: pair[1] - pair[0])
    ]
    return [(str(run[0]), str(run[-1])) for run in groups]


def _terms(pattern: str) -> list[str]:
    """The pattern cut at the commas that are outside braces; ``a@1,3`` stays one term."""
    terms: list[str] = []
    for part in map(str.strip, _parts(pattern)):
        if terms and "@" in terms[-1] and re.fullmatch(r"\d+(-\d+)?", part):
            terms[-1] += f",{part}"
        elif part:
            terms.append(part)
    return terms


def _parts(pattern: str) -> Iterator[str]:
    """Between the commas that are in no brace."""
    begin = depth = 0
    for place, sign in enumerate(pattern):
        depth = max(depth + (sign == "{") - (sign == "}"), 0)
        if sign == "," and not depth:
            yield pattern[begin:place]
            begin = place + 1
    yield pattern[begin:]


def _expanded(term: str) -> Iterator[str]:
    """``a.{1..2}`` → ``a.1``, ``a.2``; ``p@1-2,4`` → ``p@1``, ``p@2``, ``p@4``."""
    if "@" in term:
        projection, _, layers = term.partition("@")
        numbers = ["*"] if layers == "*" else _alternatives(layers, "-", term)
        yield from (f"{p}@{n}" for p in _expanded(projection) for n in numbers)
        return
    if term.count("{") > _MOST_BRACES:
        raise _malformed(term)
    brace = re.search(r"\{([^{}]*)\}", term)
    if brace is None:
        if not re.fullmatch(r"[\w.*]+", term):
            raise _malformed(term)
        yield term
        return
    front, back = term[: brace.start()], term[brace.end() :]
    for chosen in _alternatives(brace[1], "..", term):
        yield from _expanded(front + chosen + back)


def _alternatives(text: str, dots: str, term: str) -> list[str]:
    """``1..3,7`` → 1, 2, 3, 7; words are taken as they stand."""
    found: list[str] = []
    for part in map(str.strip, text.split(",")):
        bounds = re.fullmatch(rf"(\d{{1,6}}){re.escape(dots)}(\d{{1,6}})", part)
        if bounds:
            first, last = int(bounds[1]), int(bounds[2])
            if first > last or last > _HIGHEST_LAYER:
                raise _malformed(term)
            found += map(str, range(first, last + 1))
        elif re.fullmatch(r"[\w*]+(\.[\w*]+)*", part):
            found.append(part)
        else:
            raise _malformed(term)
        if len(found) > _MOST_NAMES:
            raise _too_many(term)
    return found


def _too_many(pattern: str) -> SettingError:
    return SettingError(
        "modules",
        f"{pattern[:80]!r} stands for more than {_MOST_NAMES:,} names: name fewer, or write * for all.",
    )


def _malformed(term: str) -> SettingError:
    return SettingError(
        "modules",
        f"{term[:80]!r} is not a module pattern: write names with *, {{18..26}} and {{1,4,7}}, separated by "
        "commas, or projection@18-26.",
    )


def _matched(modules: Sequence[EditableModule], single: str) -> set[str]:
    projection, at, layer = single.partition("@")
    wanted = _wildcard(projection)
    if not at:
        return {m.name for m in modules if wanted.fullmatch(m.name)}
    return {
        m.name for m in modules if wanted.fullmatch(m.projection) and (layer == "*" or layer == str(m.layer))
    }


def _wildcard(name: str) -> re.Pattern[str]:
    """Takes time linear in what is matched: each part between stars is looked for once, where it first stands."""
    first, *parts = map(re.escape, name.split("*"))
    if not parts:
        return re.compile(first)
    middle = "".join(f"(?>.*?{part})" for part in parts[:-1] if part)
    return re.compile(f"{first}{middle}.*{parts[-1]}")


def _what_exists(modules: Sequence[EditableModule]) -> str:
    layers = ", ".join(a if a == b else f"{a} to {b}" for a, b in _runs(m.layer for m in modules))
    projections = ", ".join(dict.fromkeys(m.projection for m in modules))
    return f"this model has layers {layers} with {projections}, for example {modules[-1].name}."
