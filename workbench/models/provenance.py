"""Where an edited model comes from, as its model card and its provenance.json tell it."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from workbench import __version__


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One score before and after the edits; NaN where it was not measured."""

    name: str  # "ES"
    protocol: str  # one sentence: how it is measured
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Provenance:
    """Everything a reader needs to judge the model and to make it again."""

    base: str  # as the person named it: hub id, folder, file, "starter"
    base_sha256: str  # of the base's weights
    edits: int  # facts applied
    modules: Sequence[str]  # full names of the edited linear maps
    recipe: Mapping[str, object]  # every setting, by field name
    scores: Sequence[ScoreLine] = ()
    warmup: str = ""  # one sentence: how many facts, and whether they changed the weights
    notes: Sequence[str] = field(default=())  # further sentences
    created: str = ""  # ISO 8601
    workbench: str = __version__

    def as_json(self) -> str:
        """NaN becomes null, so that any JSON reader takes it."""
        return json.dumps(_without_nan(asdict(self)), indent=2, ensure_ascii=False, default=str) + "\n"


def model_card(
    title: str, provenance: Provenance, hub_id: str | None = None, library: str = "transformers"
) -> str:
    """Markdown with the metadata block that model hubs read. ``hub_id``: the base's, if it is on the hub;
    ``library``: what loads it."""
    sections = [
        _metadata(hub_id, library),
        f"# {_inline(title)}",
        f"{_inline(provenance.base)} with {provenance.edits:,} edited facts, made with StableEdit Workbench "
        f"{provenance.workbench}{f' on {provenance.created}' if provenance.created else ''}.",
        "## Base model",
        _table(
            ("what", "value"), [("Name", provenance.base), ("SHA-256 of the weights", provenance.base_sha256)]
        ),
        "## Edits",
        *_sentences([f"{provenance.edits:,} facts.", provenance.warmup, *provenance.notes]),
        f"Edited modules ({len(provenance.modules)}); all other tensors are the base's:",
        "\n".join(f"- `{name.replace('`', '')}`" for name in provenance.modules),
        "## Scores",
        _scores(provenance.scores),
        "## Settings",
        _table(("setting", "value"), [(k, str(v)) for k, v in provenance.recipe.items()]),
    ]
    return "\n\n".join(sections) + "\n"


def _metadata(hub_id: str | None, library: str) -> str:
    lines = ["---", f"library_name: {library}", "pipeline_tag: text-generation"]
    if hub_id:
        lines.append(f"base_model: {json.dumps(hub_id)}")  # a JSON string is a YAML string
    return "\n".join([*lines, "tags:", "- knowledge-editing", "- stableedit", "---"])


def _scores(scores: Sequence[ScoreLine]) -> str:
    if not scores:
        return "Not measured."
    rows = [(s.name, _number(s.before), _number(s.after), s.protocol) for s in scores]
    return _table(("score", "before", "after", "protocol"), rows)


def _number(value: float) -> str:
    return "not measured" if math.isnan(value) else f"{value:.4g}"


def _sentences(texts: Iterable[str]) -> list[str]:
    return [_inline(text) for text in texts if text]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([_inline(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _inline(text: str) -> str:
    """Foreign text as plain text: one line, no markup."""
    flat = " ".join(text.split())
    for sign, entity in (
        ("&", "&amp;"),
        ("<", "&lt;"),
        (">", "&gt;"),
        ("|", "&#124;"),
        ("`", "&#96;"),
        ("[", "&#91;"),
    ):
        flat = flat.replace(sign, entity)
    return flat


def _without_nan(value: object) -> object:
    match value:
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {str(k): _without_nan(v) for k, v in value.items()}
        case list() | tuple():
            return [_without_nan(v) for v in value]
    return value
