"""Whether files on this machine are the caller's own: what others can write is not read."""

from __future__ import annotations

import stat
from os import stat_result
from pathlib import Path

_SUPERUSER = 0
_REMEDY = "if you trust what is in it, copy it into a directory of your own and read that"


class NotOurs(ValueError):
    """Somebody else has written a file, or can; the text says which, and what to do."""


def check_trust(path: Path, uid: int) -> Path:
    """Make sure that only the caller can change a file or directory, and every directory and link on the way to it.

    Args:
        path: what is to be read.
        uid: the caller's user id. What is the superuser's is trusted as well.

    Returns the path without links. Raises NotOurs, and OSError where it is not there.
    """
    absolute = path.absolute()
    resolved = absolute.resolve(strict=True)
    for place in (*reversed(absolute.parents), absolute):
        if place.is_symlink():
            _check_owner(place, place.lstat(), uid)
    for place in (*reversed(resolved.parents), resolved):
        status = place.stat()
        _check_owner(place, status, uid)
        # In a directory with the sticky bit, such as /tmp, nobody can put another file in the place of ours.
        is_shared = stat.S_ISDIR(status.st_mode) and place != resolved and bool(status.st_mode & stat.S_ISVTX)
        if status.st_mode & stat.S_IWOTH and not is_shared:
            raise NotOurs(f"{place} can be written by everybody on this machine: {_REMEDY}")
    return resolved


def _check_owner(place: Path, status: stat_result, uid: int) -> None:
    if status.st_uid not in (uid, _SUPERUSER):
        raise NotOurs(f"{place} is of another user of this machine (uid {status.st_uid}): {_REMEDY}")
