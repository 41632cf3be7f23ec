"""Steps of runs and facts of a run, as a person names them on the command line."""

import re

from workbench.errors import InputError

_NUMBERS = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")


def place(text: str) -> tuple[int, int]:
    """``2:3`` → run 2, step 3. Raises InputError for anything else."""
    run, _, step = text.partition(":")
    if not (run.isdecimal() and step.isdecimal() and len(text) < 20):
        raise InputError(f"{text!r} names no step: give RUN:STEP, such as 2:3.")
    return int(run), int(step)


def positions(text: str, facts: int) -> tuple[int, ...]:
    """``4,7-9`` → 3, 6, 7, 8: from 0, ascending, of a run with so many facts. Raises InputError for anything else."""
    found: set[int] = set()
    for part in text.split(","):
        numbers = _NUMBERS.fullmatch(part.strip())
        first = int(numbers[1]) if numbers else 0
        last = int(numbers[2] or first) if numbers else 0
        if not 1 <= first <= last:
            raise InputError(f"--without {text}: give numbers of facts from 1 on, such as 4,7-9.")
        if last > facts:
            raise InputError(f"--without names fact {last:,}: the run has {facts:,} facts.")
        found.update(range(first - 1, last))
    return tuple(sorted(found))
