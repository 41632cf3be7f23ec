"""How a prompt is put to a model and how what follows is drawn. Needs no torch."""

from dataclasses import dataclass

LENGTH = 48  # tokens


@dataclass(frozen=True, slots=True)
class Manner:
    chat: bool = False  # as a person's message, by the model's own template
    system: str = ""  # in the chat alone; empty: the template's own
    length: int = LENGTH  # tokens, at most
    temperature: float = 0.0  # 0: always the likeliest token
    seed: int = 0  # of what is drawn


PLAIN = Manner()
