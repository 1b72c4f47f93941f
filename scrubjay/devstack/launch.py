"""Become another program that dies with its parent. Run as a script: `launch.py PARENT_PID PROGRAM ARG…`.

Linux only promises this (`PR_SET_PDEATHSIG`, which survives `exec`); elsewhere the program is merely started.
SIGKILL is safe for every part of the stack: what they acknowledged is on disk.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Tie this process to its parent's life and become the program.

    Args:
        arguments: the parent's process id, then the program with its arguments.
    """
    parent, program = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # The parent may have died before the signal was asked for: then nobody would ever send it.
    if os.getppid() != parent:
        sys.exit("the parent died before its child was started")
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
