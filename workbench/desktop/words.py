"""Figures as a person reads them."""

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


def size_in_words(count: int) -> str:
    """``count`` bytes: 540 KiB, 88.6 MiB, 1.23 GiB."""
    if count < MIB:
        return f"{count / KIB:.0f} KiB"
    return f"{count / MIB:.1f} MiB" if count < GIB else f"{count / GIB:,.2f} GiB"


def parameters_in_words(count: int) -> str:
    """134.5 M, 8.03 B."""
    if count < 1_000_000:
        return f"{count / 1_000:.1f} K"
    return f"{count / 1e6:.1f} M" if count < 1_000_000_000 else f"{count / 1e9:.2f} B"


def breakable(text: str) -> str:
    """The text with room for a line break (U+200B) after / \\ _ . and -, for labels that wrap names and paths."""
    return "".join(f"{c}\u200b" if c in "/\\_.-" else c for c in text)


def ranges_in_words(numbers: list[int]) -> str:
    """18–26, 28 of the sorted numbers."""
    parts: list[tuple[int, int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1] = (parts[-1][0], number)
        else:
            parts.append((number, number))
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in parts)
