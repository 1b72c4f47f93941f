"""Private keys: masked whole, from their first line to their last; one that was cut off is masked to the text's end."""

from __future__ import annotations

import re
from collections.abc import Iterator

from detect_secrets.plugins.private_key import PrivateKeyDetector

from scrubjay.safety.detectors.finding import Finder, SecretSpan

_KIND = "private key"
_PUTTY = "PuTTY-User-Key-File-"
# Every form that detect-secrets knows, as it begins in the key's first line, and any other of the same make.
_HEADERS = "|".join(header.pattern for header in PrivateKeyDetector.denylist if "BEGIN" in header.pattern)
_BEGIN = re.compile(rf"(?:-{{2,5}} ?)?(?:{_HEADERS}|BEGIN [A-Z0-9 ]{{0,30}}PRIVATE KEY(?: BLOCK)?)")
_END = re.compile(r"END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?(?: ?-{2,5})?")
_PUTTY_END = re.compile(r"Private-(?:MAC|Hash): ?[0-9a-fA-F]*+")


def _keys(text: str) -> Iterator[SecretSpan]:
    yield from _between(text, _BEGIN, _END)
    yield from _between(text, re.compile(_PUTTY), _PUTTY_END)


def _between(text: str, begin: re.Pattern[str], end: re.Pattern[str]) -> Iterator[SecretSpan]:
    at = 0
    while first := begin.search(text, at):
        last = end.search(text, first.end())
        at = last.end() if last else len(text)
        yield SecretSpan(first.start(), at, _KIND)


PRIVATE_KEYS = Finder(_keys, hints=("PRIVATE KEY", _PUTTY))
