"""The data directory: its lock and the collections in it."""

import fcntl
import hashlib
import os
import re
from pathlib import Path
from typing import IO

from scrubjay.devstack.qdrant_engine.collection import Collection
from scrubjay.devstack.qdrant_engine.errors import BadInput, Conflict, NotFound
from scrubjay.devstack.qdrant_engine.fields import Json

_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,100}")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
MAX_NAME = 255


class DirectoryInUse(Exception):
    """Another process serves the data directory."""


def _directory_name(collection: str) -> str:
    if _PLAIN.fullmatch(collection):
        return collection
    return "~" + hashlib.sha256(collection.encode()).hexdigest()[:32]


class Store:
    """All collections of one data directory, held by one process at a time."""

    def __init__(self, directory: Path) -> None:
        self._root = directory / "collections"
        self._root.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(directory)
        collections = (Collection.open(path) for path in sorted(self._root.iterdir()) if path.is_dir())
        self._collections = {collection.name: collection for collection in collections if collection is not None}

    def names(self) -> list[str]:
        """Name every collection, in order."""
        return sorted(self._collections)

    def all(self) -> list[Collection]:
        """Return every open collection."""
        return list(self._collections.values())

    def has(self, name: str) -> bool:
        """Tell whether a collection exists."""
        return name in self._collections

    def get(self, name: str) -> Collection:
        """Return a collection, or raise `NotFound` with Qdrant's message."""
        if name not in self._collections:
            raise NotFound(f"Not found: Collection `{name}` doesn't exist!")
        return self._collections[name]

    def require_new(self, name: str) -> None:
        """Raise `Conflict` when there is a collection of that name."""
        if name in self._collections:
            raise Conflict(f"Wrong input: Collection `{name}` already exists!")

    def create(self, name: str, definition: Json) -> None:
        """Create a collection under a name that is new."""
        self.require_new(name)
        if not 0 < len(name) <= MAX_NAME or _FORBIDDEN.search(name):
            raise BadInput(f"Wrong input: {name!r} is no name for a collection.")
        self._collections[name] = Collection.create(self._root / _directory_name(name), name, definition)

    def drop(self, name: str) -> bool:
        """Remove a collection with all its points; tell whether there was one."""
        collection = self._collections.pop(name, None)
        if collection is not None:
            collection.destroy()
        return collection is not None

    def close(self) -> None:
        """Flush and release everything, then let another process in."""
        for collection in self._collections.values():
            collection.close()
        self._lock.close()


def _lock(directory: Path) -> IO[str]:
    """Lock the data directory of the embedded Qdrant engine's collections with flock, and write our pid into the file.

    Raises DirectoryInUse where another process holds the lock.
    """
    file = (directory / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        holder = file.read().strip()
        file.close()
        raise DirectoryInUse(f"{directory} is in use by the process {holder}; one process serves it.") from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
