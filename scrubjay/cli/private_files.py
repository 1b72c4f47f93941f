"""Files that hold personal data: nobody but the caller may read them."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import IO

_OURS_ALONE = 0o600


def open_private(path: Path) -> IO[bytes]:
    """Open a file that a command writes for its user (an export, the state or report of an import), with mode 0600.

    It is opened for reading and writing, made if it is not there, and nobody else may read it.

    Raises OSError, also for a link and for a file of another user.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _OURS_ALONE)
    file = os.fdopen(descriptor, "r+b")
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, "it is of another user", str(path))
        os.fchmod(descriptor, _OURS_ALONE)
    except OSError:
        file.close()
        raise
    return file
