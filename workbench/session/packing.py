"""Events as JSON and compact arrays, and back without losing a bit."""

import json
import math
import zlib
from dataclasses import asdict, fields
from typing import Any, TypeVar

import numpy as np

from workbench.editing.events import (
    Floats,
    ModuleStep,
    Report,
    Spending,
    StepApplied,
    StepSkipped,
    WarmupProgressed,
)
from workbench.errors import SessionError
from workbench.evaluation.scores import FACT_NUMBERS, FactScores, Scores, Texts

T = TypeVar("T")

_LITTLE = np.dtype("<f8")
_MOST_FACTS = 10_000_000  # scored at once
_LONGEST = 1_000  # characters of an answer
_DAMAGED = "An array of the session is longer or shorter than it should be: it is damaged."
_OF_FACTS = ("fact_success", "fact_loss")  # arrays of StepApplied, kept in its JSON


def pack_report(report: Report) -> tuple[str, bytes]:
    """(JSON, spectra)."""
    values = {f.name: getattr(report, f.name) for f in fields(report) if f.name != "modules"}
    if not isinstance(report, StepApplied):
        return json.dumps(values), b""
    values |= {name: values[name].tolist() for name in _OF_FACTS}
    values["spending"] = None if report.spending is None else asdict(report.spending)
    values["modules"] = {name: _without_spectrum(module) for name, module in report.modules.items()}
    spectra = [module.spectrum for module in report.modules.values()]
    return json.dumps(values), b"".join(s.astype(_LITTLE).tobytes() for s in spectra)


def unpack_report(warming_up: bool, text: str, spectra: bytes) -> Report:
    """Raises SessionError where the text is none of ours."""
    values = _object(text)
    if "warming_up" in values:
        return _made(StepSkipped, values)
    if warming_up:
        return _made(WarmupProgressed, values)
    modules, place, numbers = {}, 0, np.frombuffer(spectra[: len(spectra) // 8 * 8], _LITTLE)
    for name, module in _object(values.pop("modules", None)).items():
        points = int(_object(module).pop("points", 0))
        modules[name] = _made(
            ModuleStep, module | {"spectrum": numbers[place : place + points].astype(float)}
        )
        place += points
    of_facts = {name: np.array(values.get(name, ()), float) for name in _OF_FACTS}
    spending = values.get("spending")
    values["spending"] = None if spending is None else _made(Spending, _object(spending))
    return _made(StepApplied, values | {"modules": modules} | of_facts)


def _without_spectrum(module: ModuleStep) -> dict[str, Any]:
    values = {f.name: getattr(module, f.name) for f in fields(module) if f.name != "spectrum"}
    return values | {"points": len(module.spectrum)}


def pack_scores(scores: Scores, per_fact: FactScores) -> tuple[str, str, int, bytes]:
    """(scores as JSON, names of the per-fact rows as JSON, number of facts, the rows compressed)."""
    rows = np.stack([getattr(per_fact, name) for name in FACT_NUMBERS])  # (fields, facts)
    return json.dumps(asdict(scores)), json.dumps(FACT_NUMBERS), rows.shape[1], pack_floats(rows)


def unpack_scores(
    scores: str, names: str, facts: int, rows: bytes, answers: bytes | None = None
) -> tuple[Scores, FactScores]:
    listed = json.loads(names)
    table = unpack_floats(rows, len(listed) * min(facts, _MOST_FACTS)).reshape(len(listed), facts)
    by_name = dict(zip(listed, table, strict=True))
    nothing = np.full(facts, math.nan)
    wrote, wrote_chat = _unpack_answers(answers, facts)
    numbers = {name: by_name.get(name, nothing) for name in FACT_NUMBERS}
    return _made(Scores, _object(scores)), FactScores(**numbers, wrote=wrote, wrote_chat=wrote_chat)


def pack_answers(per_fact: FactScores) -> bytes | None:
    """None where nothing was written."""
    forms = per_fact.wrote, per_fact.wrote_chat
    if not any(forms):
        return None
    cut = [[text[:_LONGEST] for text in texts] for texts in forms]
    return zlib.compress(json.dumps(cut, ensure_ascii=False).encode("utf-8", "replace"), 1)


def _unpack_answers(packed: bytes | None, facts: int) -> tuple[Texts, Texts]:
    """Empty where they were not kept, as by earlier versions. Raises SessionError."""
    if packed is None:
        return (), ()
    forms = json.loads(_inflated(packed, 2 * min(facts, _MOST_FACTS) * (6 * _LONGEST + 4) + 8))
    plain, chat = (tuple(str(text) for text in texts) for texts in forms)
    if len(plain) not in (0, facts) or len(chat) not in (0, facts):
        raise SessionError("The answers of the session are more or fewer than its facts: it is damaged.")
    return plain, chat


def pack_floats(numbers: Floats) -> bytes:
    return zlib.compress(np.ascontiguousarray(numbers, _LITTLE).tobytes(), 1)


def unpack_floats(packed: bytes, most: int) -> Floats:
    """At most ``most`` numbers. Raises SessionError for more, however many it would unpack to."""
    content = _inflated(packed, most * 8)
    if len(content) % 8:
        raise SessionError(_DAMAGED)
    return np.frombuffer(content, _LITTLE).astype(float)


def _inflated(packed: bytes, most: int) -> bytes:
    """Raises SessionError for more bytes than ``most``."""
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(packed, most + 1)
    except zlib.error as error:
        raise SessionError(f"An array of the session cannot be unpacked ({error}): it is damaged.") from error
    if len(content) > most or not stream.eof:
        raise SessionError(_DAMAGED)
    return content


def _object(value: Any) -> dict[str, Any]:
    read = json.loads(value) if isinstance(value, str) else value
    if not isinstance(read, dict):
        raise SessionError("An entry of the session is not the object that it should be: it is damaged.")
    return read


def _made(kind: type[T], values: dict[str, Any]) -> T:
    """Fields that a newer version added are left out; NaN for numbers that an older one did not keep."""
    known = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    missing = dict.fromkeys(known - values.keys(), math.nan)
    return kind(**missing | {name: value for name, value in values.items() if name in known})
