"""The forms in which benchmarks publish facts, recognised by a record's fields."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from workbench.facts.build import EMPTY_TARGET, Tally, build
from workbench.facts.fact import Fact, Probe
from workbench.facts.mapping import Mapping
from workbench.facts.records import Record
from workbench.facts.values import BadField, paired, text, texts

ALT, ANSWERS = "alt", "answers"
NQ_MARKER = (
    "nq question: "  # MEND's mark of a locality question from Natural Questions; no part of the question
)

_OTHER_TARGET = "it is empty; write what the model should answer, choose the other target or remove the row."

Convert = Callable[[Record, str, Tally], Fact]  # record, "alt" or "answers", tally → fact; raises BadField


@dataclass(frozen=True, slots=True)
class Form:
    """``targets``: the choice that only a person can make, empty where the form leaves none."""

    name: str
    title: str
    required: frozenset[str]
    convert: Convert
    targets: tuple[str, ...] = ()


def recognise(records: Iterable[Record]) -> Form | None:
    """The form that most of the records have the fields of; of equals the first in FORMS."""
    held = list(records)
    scores = [sum(form.required <= record.keys() for record in held) for form in FORMS]
    best = max(scores, default=0)
    return FORMS[scores.index(best)] if best else None


def _mapped(mapping: Mapping) -> Convert:
    return lambda record, _choice, tally: mapping.fact(record, tally, table=False)


def _nested_counterfact(record: Record, _choice: str, tally: Tally) -> Fact:
    rewrite = record.get("requested_rewrite")
    if not isinstance(rewrite, dict):
        raise BadField(
            "requested_rewrite", "it is not one rewrite: give an object with prompt and target_new."
        )
    subject = text(rewrite.get("subject"), "subject")
    prompt = rewrite.get("prompt")
    old = text(rewrite.get("target_true"), "target_true")
    neighbours = texts(record.get("neighborhood_prompts"), "neighborhood_prompts")
    return build(
        tally,
        (prompt.replace("{}", subject) if isinstance(prompt, str) else prompt, "prompt"),
        (rewrite.get("target_new"), "target_new"),
        subject=subject,
        old=old,
        rephrases=texts(record.get("paraphrase_prompts"), "paraphrase_prompts"),
        locality=paired(neighbours, old, "neighborhood_prompts", "neighborhood"),
        key=text(record.get("case_id"), "case_id"),
    )


def _zsre(record: Record, choice: str, tally: Tally) -> Fact:
    """``alt`` is a made-up answer, ``answers[0]`` the true one: the old answer where ``alt`` is chosen."""
    question = text(record.get("loc"), "loc").removeprefix(NQ_MARKER).lstrip()
    return build(
        tally,
        (record.get("src"), "src"),
        (record.get(choice), choice),
        subject=text(record.get("subject"), "subject"),
        old=text(record.get(ANSWERS), ANSWERS) if choice == ALT else "",
        rephrases=texts(record.get("rephrase"), "rephrase"),
        locality=paired((question,), record.get("loc_ans"), "loc_ans"),
        empty_target=_OTHER_TARGET if choice in (ALT, ANSWERS) else EMPTY_TARGET,
    )


def _malmen_zsre(record: Record, _choice: str, tally: Tally) -> Fact:
    return _zsre(record, "ans", tally)


def _fever(record: Record, choice: str, tally: Tally) -> Fact:
    column = ALT if choice == ALT else "ans"
    return build(
        tally,
        (record.get("prompt"), "prompt"),
        (record.get(column), column),
        subject=text(record.get("subject"), "subject"),
        old=text(record.get("ans"), "ans") if choice == ALT else "",
        rephrases=texts(record.get("equiv_prompt"), "equiv_prompt"),
        locality=paired(
            texts(record.get("unrel_prompt"), "unrel_prompt"), record.get("unrel_ans"), "unrel_ans"
        ),
        empty_target=_OTHER_TARGET,
    )


def _kilt(record: Record, choice: str, tally: Tally) -> Fact:
    output = record.get("output")
    listed = output if isinstance(output, list) else [output]
    answers = [item.get("answer") if isinstance(item, dict) else item for item in listed]
    column = "alternatives" if choice == ALT else "output"
    return build(
        tally,
        (record.get("input"), "input"),
        (record.get("alternatives") if choice == ALT else answers, column),
        old=text(answers, "output") if choice == ALT else "",
        rephrases=texts(record.get("filtered_rephrases"), "filtered_rephrases"),
        key=text(record.get("id"), "id"),
        empty_target=_OTHER_TARGET,
    )


def _wikibigedit(record: Record, _choice: str, tally: Tally) -> Fact:
    """The ``personas…`` questions and the multi-hop question follow from the new fact; many are null."""
    personas = [name for name in record if name.startswith("personas")]
    hop = paired(texts(record.get("mhop"), "mhop"), record.get("mhop_ans"), "mhop_ans", "mhop")
    return build(
        tally,
        (record.get("update"), "update"),
        (record.get("ans"), "ans"),
        subject=text(record.get("subject"), "subject"),
        rephrases=texts(record.get("rephrase"), "rephrase"),
        locality=paired(texts(record.get("loc"), "loc"), record.get("loc_ans"), "loc_ans"),
        portability=(*_personas(record, personas), *hop),
        tags=texts(record.get("tag"), "tag"),
    )


def _personas(record: Record, names: list[str]) -> Iterable[Probe]:
    for name in names:
        yield from paired(texts(record[name], name), record.get("ans"), name, name)


_FACT = Mapping(
    prompt="prompt",
    target="target",
    subject="subject",
    old="old",
    rephrases=("rephrases",),
    locality="locality",
    portability="portability",
    tags="tags",
    key="key",
)
_COUNTERFACT = Mapping(
    prompt="prompt",
    target="target_new",
    subject="subject",
    old="ground_truth",
    rephrases=("rephrase_prompt",),
    locality_prompt="locality_prompt",
    locality_answer="locality_ground_truth",
    key="case_id",
)
_KNOWEDIT = Mapping(
    prompt="prompt",
    target="target_new",
    subject="subject",
    old="ground_truth",
    rephrases=("rephrase_prompt", "rephrase"),
    locality="locality",
    portability="portability",
)
_ULTRAEDITBENCH = Mapping(
    prompt="prompt",
    target="ans",
    subject="subject",
    rephrases=("rephrase_prompt", "rephrase"),
    locality_prompt="loc",
    locality_answer="loc_ans",
    key="case_id",
)
_QAEDIT = Mapping(
    prompt="prompt", target="target", subject="subject", rephrases=("rephrase",), locality="locality"
)


def _fields(names: str) -> frozenset[str]:
    return frozenset(names.split())


FORMS: tuple[Form, ...] = (
    Form(
        "workbench",
        "Workbench facts",
        _fields("prompt target rephrases locality portability"),
        _mapped(_FACT),
    ),
    Form("counterfact-nested", "CounterFact", _fields("requested_rewrite"), _nested_counterfact),
    Form(
        "counterfact",
        "CounterFact, flat",
        _fields("prompt target_new locality_prompt locality_ground_truth"),
        _mapped(_COUNTERFACT),
    ),
    Form("zsre", "zsRE in MEND's form", _fields("src alt answers"), _zsre, (ALT, ANSWERS)),
    Form("zsre-malmen", "zsRE in MALMEN's form", _fields("src ans loc"), _malmen_zsre),
    Form("fever", "FEVER, for editors", _fields("prompt equiv_prompt alt"), _fever, (ALT, ANSWERS)),
    Form("kilt", "FEVER or zsRE in KILT's form", _fields("input output alternatives"), _kilt, (ALT, ANSWERS)),
    Form("wikibigedit", "WikiBigEdit", _fields("update ans"), _wikibigedit),
    Form("ultraeditbench", "UltraEditBench", _fields("prompt ans loc loc_ans"), _mapped(_ULTRAEDITBENCH)),
    Form("knowedit", "KnowEdit", _fields("prompt target_new locality"), _mapped(_KNOWEDIT)),
    Form("knowedit", "KnowEdit", _fields("prompt target_new portability"), _mapped(_KNOWEDIT)),
    Form("qaedit", "QAEdit", _fields("prompt target rephrase locality"), _mapped(_QAEDIT)),
)
