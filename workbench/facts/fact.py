"""The fact: a prompt, what the model should answer, and the probes that tell whether it learnt only that."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Probe:
    """A prompt whose answer is watched. An empty ``answer`` is compared with the unedited model's alone."""

    prompt: str
    answer: str = ""
    kind: str = ""  # the benchmark's own name for the group: "Relation_Specificity", "mhop", …


@dataclass(frozen=True, slots=True)
class Fact:
    """One edit: after it, the model should continue ``prompt`` with ``target``."""

    prompt: str
    target: str
    subject: str = ""
    old: str = ""  # the answer before the edit, where known
    rephrases: tuple[str, ...] = ()
    locality: tuple[Probe, ...] = ()  # answers that must not change
    portability: tuple[Probe, ...] = ()  # answers that follow from the new fact
    tags: tuple[str, ...] = ()
    key: str = ""  # the source's own identifier (case_id)
