"""Which column of a table, or field of a record, holds which part of a fact."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

from workbench.facts.build import Tally, build
from workbench.facts.cells import MAX_TEXTS, SEPARATORS, TAG_SEPARATORS, held_at_most, parted
from workbench.facts.fact import Fact, Probe
from workbench.facts.records import MAX_COLUMNS, Record
from workbench.facts.text import cut
from workbench.facts.values import BadField, probes, text, texts


@dataclass(frozen=True, slots=True)
class Mapping:
    """Names of columns; "" where there is none. Prompt and target are needed.

    In a table a cell of rephrases, probes or tags holds one text, several with ``separator`` between
    them, or a JSON list. ``locality`` and ``portability`` are fields of JSON records that hold whole probes.
    """

    prompt: str = ""
    target: str = ""
    subject: str = ""
    old: str = ""
    rephrases: tuple[str, ...] = ()
    locality_prompt: str = ""
    locality_answer: str = ""
    locality_kind: str = ""
    portability_prompt: str = ""
    portability_answer: str = ""
    portability_kind: str = ""
    tags: str = ""
    key: str = ""
    locality: str = ""
    portability: str = ""
    separator: str = SEPARATORS[0]  # "": a cell is one text or a JSON list

    def columns(self) -> dict[str, tuple[str, ...]]:
        """Part of the fact → its columns, where it has any."""
        named = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "separator"}
        return {name: (held,) if isinstance(held, str) else held for name, held in named.items() if held}

    def problem(self, columns: Sequence[str], noun: str = "column") -> str:
        """Why facts cannot be read from these columns and what to do; "" where they can."""
        listed = ", ".join(f"'{cut(name, 40)}'" for name in columns[:12]) + (
            ", …" if len(columns) > 12 else ""
        )
        known = set(columns)
        for part, held in self.columns().items():
            if missing := [name for name in held if name not in known]:
                return f"there is no {noun} '{missing[0]}' for the {part}: choose among {listed}."
        if needed := [part for part in ("prompt", "target") if not getattr(self, part)]:
            return (
                f"no {noun} was found for the {' and the '.join(needed)} among {listed}: rename {noun}s to "
                f"{' and '.join(needed)}, or map them."
            )
        return ""

    def fact(self, record: Record, tally: Tally, table: bool) -> Fact:
        """``table``: values are cells that may hold several texts. Raises BadField."""
        return build(
            tally,
            (record.get(self.prompt), self.prompt),
            (record.get(self.target), self.target),
            subject=text(record.get(self.subject), self.subject) if self.subject else "",
            old=text(record.get(self.old), self.old) if self.old else "",
            rephrases=[t for name in self.rephrases for t in self._several(record.get(name), name, table)],
            locality=self._probes(
                record, table, self.locality, self.locality_prompt, self.locality_answer, self.locality_kind
            ),
            portability=self._probes(
                record,
                table,
                self.portability,
                self.portability_prompt,
                self.portability_answer,
                self.portability_kind,
            ),
            tags=self._several(record.get(self.tags), self.tags, table, TAG_SEPARATORS) if self.tags else (),
            key=text(record.get(self.key), self.key) if self.key else "",
        )

    def _several(
        self, value: object, column: str, table: bool, separators: tuple[str, ...] = ()
    ) -> tuple[str, ...]:
        if table and isinstance(value, str):
            separators = separators or (self.separator,)
            if (number := held_at_most(value, separators)) > MAX_TEXTS:
                raise BadField(
                    column, f"it holds {number:,} texts and {MAX_TEXTS:,} can be read: leave some out."
                )
            return parted(value, separators)
        return texts(value, column)

    def _probes(
        self, record: Record, table: bool, whole: str, prompt: str, answer: str, kind: str
    ) -> tuple[Probe, ...]:
        """From the field that holds whole probes and from the columns of their parts."""
        found = probes(record.get(whole), whole) if whole else ()
        if not prompt or not (value := record.get(prompt)):
            return found
        prompts = self._several(value, prompt, table)
        answers = self._beside(record, answer, len(prompts), table)
        kinds = self._beside(record, kind, len(prompts), table)
        pairs = zip(prompts, answers, kinds, strict=True)
        return found + tuple(Probe(*pair) for pair in pairs if pair[0])

    def _beside(self, record: Record, column: str, number: int, table: bool) -> tuple[str, ...]:
        """The answers or kinds of ``number`` prompts; a single one serves them all."""
        several = self._several(record.get(column), column, table) if column else ()
        if number == 1 and len(several) > 1 and not str(record[column]).lstrip().startswith("["):
            several = texts(record[column], column)[:1]  # a separator inside the only answer
        if len(several) <= 1:
            return (several or ("",)) * number
        if len(several) != number:
            reason = f"it holds {len(several):,} texts for {number:,} prompts: give one for each."
            raise BadField(column, reason)
        return several


def _names(listed: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in listed.split(","))


_NAMES = {  # by preference; the target before the old answer, which takes what is left
    "prompt": _names("prompt, question, src, update, claim, statement, query, input, cloze"),
    "target": _names(
        "target new, new target, target, new answer, answer new, alt, ans, new object, object new, new value,"
        "correct answer, answer, completion, response, output, object, attribute, ground truth, answers"
    ),
    "old": _names(
        "old, old answer, old target, target old, target true, true target, ground truth, old value,"
        "previous answer, original answer, wrong answer, current answer, answer, answers"
    ),
    "subject": _names("subject, entity, subject label"),
    "rephrases": _names(
        "rephrase, rephrases, rephrase prompt, rephrase prompts, rephrased prompt, rephrased question,"
        "paraphrase, paraphrases, paraphrase prompt, paraphrase prompts, equiv prompt, filtered rephrases"
    ),
    "locality_prompt": _names(
        "locality prompt, locality prompts, locality question, loc, loc prompt, unrel prompt,"
        "unrelated prompt, unrelated question, neighborhood prompts"
    ),
    "locality_answer": _names(
        "locality answer, locality answers, locality ground truth, locality ans, loc ans, loc answer,"
        "unrel ans, unrel answer, unrelated answer"
    ),
    "locality_kind": ("locality kind",),
    "portability_prompt": _names(
        "portability prompt, portability prompts, portability question, portability hop, mhop"
    ),
    "portability_answer": _names(
        "portability answer, portability answers, portability ground truth, portability hop ans, mhop ans"
    ),
    "portability_kind": ("portability kind",),
    "tags": _names("tags, tag, category, categories, topic"),
    "key": _names("key, case id, id, known id"),
    "locality": ("locality",),
    "portability": ("portability",),
}


def guess(columns: Iterable[str], table: bool = True) -> Mapping:
    """By the names that benchmarks and people use, whatever their case and punctuation."""
    free = {name: _plain(name) for name in columns}
    found: dict[str, str | tuple[str, ...]] = {}
    for part, names in _NAMES.items():
        if table and part in ("locality", "portability"):
            names = ()  # a cell holds no whole probes
        if part == "rephrases":
            held = tuple(name for name, plain in free.items() if _unnumbered(plain) in names)
        else:
            ranked = [name for wanted in names for name, plain in free.items() if plain == wanted]
            held = tuple(ranked[:1])
        if held:
            found[part] = held if part == "rephrases" else held[0]
        for name in held:
            del free[name]
    return replace(Mapping(), **found)  # type: ignore[arg-type]


def recognised(header: Sequence[str]) -> int:
    """How many columns ``guess`` would use."""
    return sum(map(len, guess(header[:MAX_COLUMNS]).columns().values()))


def _unnumbered(name: str) -> str:
    """``rephrase 2`` → ``rephrase``."""
    return re.sub(r"(?<!\d)\d+$", "", name).rstrip()  # looks at each digit once


def _plain(name: str) -> str:
    """``Target_New`` → ``target new``."""
    return re.sub(r"[\W_]+", " ", name.casefold()).strip()
