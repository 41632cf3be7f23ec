"""What each score is called wherever a person reads it, in the order of reading."""

TITLES = {
    "generated": "Says it, plain",
    "generated_chat": "Says it, in the chat",
    "es": "Efficacy (ES)",
    "es_chat": "Efficacy, chat",
    "exact": "Exact",
    "gs": "Generalisation (GS)",
    "gs_chat": "Generalisation, chat",
    "portability": "Portability",
    "preference": "Preference",
    "locality_kept": "Locality, kept",
    "locality_kept_chat": "Locality, kept, chat",
    "ls": "Locality, reference (LS)",
    "perplexity": "Perplexity",
    "drift": "Drift",
}

# Further scores, measured only when they are asked for, with what each costs.
FURTHER_TITLES = {
    "distracted": "Says it, distracted",
    "distracted_chat": "Says it, distracted, chat",
    "contradicted": "Says it, contradicted",
    "contradicted_chat": "Says it, contradicted, chat",
    "reversed": "Says it, reversed",
    "reversed_chat": "Says it, reversed, chat",
    "negated": "Not said where negated",
    "negated_chat": "Not said where negated, chat",
    "judged": "Judged right",
    "judged_chat": "Judged right, chat",
}
QUESTIONS = tuple(name for name in FURTHER_TITLES if not name.startswith("judged"))
_COST = " Costs a generation a fact."
_DISTRACTED = "as says it, with a sentence about something else in front of the prompt."
_CONTRADICTED = (
    "as says it, with the old answer stated in front of the prompt; facts with an old answer only."
)
_REVERSED = (
    "as says it, asking for the subject by the target: in the words of the data where a portability prompt has the "
    "subject for its answer, else with the subject's place in the prompt left blank; facts whose subject is known and "
    "stands in the prompt only, and where several subjects share a target the right one cannot be told."
)
_NEGATED = (
    "the share of facts whose target the model does not write after the negated prompt: a statement behind “It is not "
    "true that”, a question with “not” behind its verb and subject; other questions are not asked."
)
_JUDGED = (
    "the share of facts of which a judge, another model that the person runs, finds the target in what the model "
    "writes (at most 48 tokens, greedy); verdicts that are neither yes nor no are left out, and all are recorded."
)
_ASKED = {
    "distracted": _DISTRACTED,
    "contradicted": _CONTRADICTED,
    "reversed": _REVERSED,
    "negated": _NEGATED,
    "judged": _JUDGED,
}


def _protocol(name: str) -> str:
    asked = _ASKED[name.removesuffix("_chat")]
    form = (
        " The prompt is a person's message; only for models with a chat template."
        if name.endswith("_chat")
        else ""
    )
    cost = " Costs a generation and a request a fact." if name.startswith("judged") else _COST
    return f"{FURTHER_TITLES[name]}: {asked}{form}{cost}"


FURTHER_PROTOCOLS = {name: _protocol(name) for name in FURTHER_TITLES}
