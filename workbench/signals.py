"""What asks the program to end: Ctrl-C, and what a closed terminal, a logout or an administrator sends."""

import signal

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP


def ending_signals() -> list[signal.Signals]:
    """Without those that whoever started the program had it ignore, as nohup does."""
    known = [signal.Signals[name] for name in _ENDING if name in signal.Signals.__members__]
    return [s for s in known if s is signal.SIGINT or signal.getsignal(s) is not signal.SIG_IGN]
