"""One description per setting, read by the dialogs, the command line and the validation alike."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, TypeVar

from workbench.errors import SettingError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting:
    """What a person sees of a setting. Bounds are inclusive unless ``above`` is set (then value > low)."""

    label: str
    help: str  # one or two sentences: what it is, and what more of it does
    unit: str = ""
    low: float | None = None
    high: float | None = None
    above: bool = False
    logarithmic: bool = False  # spans decades: step by factors, show in scientific notation
    choices: tuple[str, ...] = ()
    symbol: str = ""  # the letter used in the paper
    zero: str = ""  # what 0 stands for, shown in its place


def setting(default: T, label: str, help: str, **more: Any) -> T:
    """A dataclass field that carries its ``Setting``."""
    described = Setting(label=label, help=help, **more)
    return dataclasses.field(default=default, metadata={"setting": described})


def described(cls: type) -> dict[str, Setting]:
    """Field name → description, in the order of declaration, of every described field of a dataclass."""
    return {f.name: f.metadata["setting"] for f in dataclasses.fields(cls) if "setting" in f.metadata}


def check(values: Any) -> None:
    """Raises SettingError for the first described field of ``values`` outside its range."""
    for name, about in described(type(values)).items():
        value = getattr(values, name)
        if about.choices and value not in about.choices:
            raise SettingError(name, f"{about.label} is {value!r}: choose one of {', '.join(about.choices)}.")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            _check_number(name, about, value)


def _check_number(name: str, about: Setting, value: float) -> None:
    too_low = about.low is not None and (value <= about.low if about.above else value < about.low)
    too_high = about.high is not None and value > about.high
    if not math.isfinite(value) or too_low or too_high:
        raise SettingError(name, f"{about.label} is {value:g}: give {range_in_words(about)}.")


def range_in_words(about: Setting) -> str:
    """``a number above 0 and at most 1``."""
    low = "" if about.low is None else f"{'above' if about.above else 'of at least'} {about.low:g}"
    high = "" if about.high is None else f"at most {about.high:g}"
    return " ".join(filter(None, ["a number", " and ".join(filter(None, [low, high]))]))
