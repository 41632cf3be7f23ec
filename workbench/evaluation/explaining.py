"""What a fact's scores say of why it holds or does not."""

from collections.abc import Mapping

from workbench.evaluation.fact_history import FactRecord, Fate, Wrote
from workbench.evaluation.holding import TAKEN
from workbench.facts.diagnosis import Cause, Reason, quoted


def score_reasons(record: FactRecord) -> list[Reason]:
    """First what became of it, then what its scores say together."""
    found = [_fate(record)] if record.fate in (Fate.SKIPPED, Fate.MISSED, Fate.LOST) else []
    if _taken(record.before, "exact"):
        sentence = "The unedited model answered with the target already, token by token."
        found.append(Reason(Cause.KNOWN_BEFORE, sentence))
    if _taken(record.after, "exact") and record.after.get("generated") == 0:
        found.append(
            Reason(
                Cause.FORCED_ONLY,
                "Each of its target's tokens is the most likely one after those before it, yet by itself the model "
                f"writes {_quoted(record.wrote.plain)}: teacher forcing (ES, exact) shows it the tokens before and "
                "where to end.",
            )
        )
    if record.fate is not Fate.SAID and (one := _in_one_form(record)):
        found.append(Reason(Cause.ONE_FORM, one))
    if _taken(record.after, "exact") and record.after.get("gs") == 0:
        found.append(
            Reason(Cause.PROMPT_ONLY, "It holds for its own prompt; its rephrases get no token right.")
        )
    return found


def wrote_in_words(wrote: Wrote) -> str:
    """One sentence; "" where nothing was kept."""
    plain = "" if wrote.plain is None else f"the model writes {_quoted(wrote.plain)}"
    chat = "" if wrote.chat is None else f"in the chat {_quoted(wrote.chat)}"
    said = "; ".join(filter(None, (plain, chat)))
    return f"{said[0].upper()}{said[1:]}." if said else ""


def _in_one_form(record: FactRecord) -> str:
    plain, chat = record.after.get("generated"), record.after.get("generated_chat")
    if plain == 1 and chat == 0:
        return (
            f"The model says it after the plain prompt; in the chat it writes {_quoted(record.wrote.chat)}."
        )
    if plain == 0 and chat == 1:
        return "The model says it in the chat and not after the plain prompt."
    return ""


def _quoted(text: str | None) -> str:
    if text is None:
        return "something else"
    return quoted(text) if text else "nothing"


def _taken(scores: Mapping[str, float], name: str) -> bool:
    return scores.get(name, 0.0) >= TAKEN


def _fate(record: FactRecord) -> Reason:
    if record.fate is Fate.SKIPPED:
        sentence = f"Step {record.step:,} came out not finite and was left out with all its facts."
        return Reason(Cause.SKIPPED, sentence)
    if record.fate is Fate.MISSED:
        right = f" (ES {record.at_edit.es:.2f} right after it)" if record.at_edit else ""
        sentence = (
            f"It did not take at step {record.step:,}{right}, nor was it answered at any scoring since."
        )
        return Reason(Cause.MISSED, sentence)
    between = record.lost_between
    if between is None and record.at_edit is not None:
        sentence = (
            f"It was answered right after step {record.step:,}, and at the scoring that followed no longer."
        )
    elif between is None:
        sentence = (
            f"The model does not answer with the target after step {record.after_step:,}; whether it did right after "
            f"step {record.step:,} was not recorded."
        )
    else:
        last, first = between
        sentence = f"It was answered after step {last:,} and no longer after step {first:,}."
    return Reason(Cause.LOST, sentence)
