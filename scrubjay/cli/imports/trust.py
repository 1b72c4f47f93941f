"""Whether files on this machine are the caller's own: what others can write is not read."""

from __future__ import annotations

import shlex
import stat
from os import stat_result
from pathlib import Path

_SUPERUSER = 0
_REMEDY = "if you trust what is in it, copy it into a directory of your own and read that"


class NotOurs(ValueError):
    """Somebody else has written a file, or can; the text says which, and what to do."""


def check_trust(path: Path, uid: int, root: Path | None = None) -> Path:
    """Make sure that only the caller can change a file or directory, and every directory and link on the way to it.

    Args:
        path: what is to be read: a file or a directory, and no pipe, which could let us wait for ever.
        uid: the caller's user id. What is the superuser's is trusted as well.
        root: the directory, without links, whose files and directories no group may write either. None: the path.

    Returns the path without links. Raises NotOurs, and OSError where it is not there.
    """
    absolute = path.absolute()
    resolved = absolute.resolve(strict=True)
    for place in (*reversed(absolute.parents), absolute):
        if place.is_symlink():
            _check_owner(place, place.lstat(), uid)
    inside = root or resolved
    for place in (*reversed(resolved.parents), resolved):
        status = place.stat()
        _check_owner(place, status, uid)
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            raise NotOurs(f"{place} is neither a file nor a directory: it is not read")
        if place.is_relative_to(inside):
            _check_inside(place, status, inside)
        else:
            _check_above(place, status)
    return resolved


def _check_inside(place: Path, status: stat_result, root: Path) -> None:
    """Nobody else may write it, or put a file beside ours: SQLite reads what lies beside a database."""
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        who = "everybody" if status.st_mode & stat.S_IWOTH else "a group of users"
        remedy = f"if you trust what is in it, run chmod -R go-w {shlex.quote(str(root))}"
        raise NotOurs(f"{place} can be written by {who} on this machine: {remedy}")


def _check_above(place: Path, status: stat_result) -> None:
    # In a directory with the sticky bit, such as /tmp, nobody can put another file in the place of ours.
    if status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
        raise NotOurs(f"{place} can be written by everybody on this machine: {_REMEDY}")


def _check_owner(place: Path, status: stat_result, uid: int) -> None:
    if status.st_uid not in (uid, _SUPERUSER):
        raise NotOurs(f"{place} is of another user of this machine (uid {status.st_uid}): {_REMEDY}")
