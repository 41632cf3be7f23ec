"""Advisory locks on open files, which end with the process, however it ends."""

import errno
import os
import sys

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_LOCKED_BYTE = 1 << 30  # beyond the text, which stays readable on Windows
_UNSUPPORTED = {errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS}
_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}


def try_lock(descriptor: int) -> bool | None:
    """Whether the lock is this descriptor's now; None where the file system has no locks. Raises OSError."""
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            return None
        if error.errno in _TAKEN:
            return False
        raise
    return True
