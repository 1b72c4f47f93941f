"""Card numbers and IBANs: digits that check out (IBANs by python-stdnum), and are as long as such numbers are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import accumulate

from stdnum import iban, numdb

from scrubjay.safety.detectors.finding import SecretSpan

# The beginnings of the networks' numbers with their lengths. What begins otherwise is the number of an order, a device
# (an IMEI checks out too) or a moment, and every tenth of those would check out by chance.
_NETWORKS: Mapping[str, frozenset[int]] = {
    r"4": frozenset({13, 16, 19}),  # Visa
    r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720": frozenset({16}),  # Mastercard
    r"3[47]": frozenset({15}),  # American Express
    r"30[0-5]|309|3[689]": frozenset({14, 16, 17, 18, 19}),  # Diners Club
    r"35(?:2[89]|[3-8])": frozenset({16, 17, 18, 19}),  # JCB
    r"6|81|82|220[0-5]|9792": frozenset({16, 17, 18, 19}),  # Discover, UnionPay, RuPay, Mir, Troy
    r"50|5[6-8]|6[0137-9]": frozenset({13, 14, 15, 16, 17, 18, 19}),  # Maestro
}
_SHORTEST, _LONGEST = 13, 19
_BEGINS = {
    length: re.compile("|".join(begins for begins, lengths in _NETWORKS.items() if length in lengths))
    for length in range(_SHORTEST, _LONGEST + 1)
}
_MOST_GROUPS = 5
_FIRST_GROUP = 4

# What stands between groups: a space or a dash, also those that pasted text has so that lines do not break there.
_SET_APART = r"[ \u00a0\u2007\u2009\u202f\u2010-\u2013-]"
_BEHIND = r"(?<![A-Za-z0-9])(?<![A-Za-z0-9][-.])(?<![+.])"  # not in a word, a UUID, a phone number or a decimal
_RUN = re.compile(rf"{_BEHIND}[0-9]++(?:{_SET_APART}[0-9]++)*+")
_JOINED = re.compile(r"-?[A-Za-z]")
_GROUP = re.compile(r"[0-9]+")
_ENOUGH_DIGITS = re.compile(rf"[0-9](?:{_SET_APART}?[0-9]){{12}}")
_APART = re.compile(_SET_APART)
# Each second digit counts double, and of two digits the sum of both (Luhn, ISO/IEC 7812-1).
_DOUBLED = str.maketrans("0123456789", "0246813579")


def find_cards(text: str) -> Iterator[SecretSpan]:
    """The card numbers in a text."""
    if _ENOUGH_DIGITS.search(text) is None:
        return
    for run in _RUN.finditer(text):
        if len(run[0]) >= _SHORTEST:
            yield from _cards_in(run.start(), run[0], _JOINED.match(text, run.end()) is not None)


def _cards_in(at: int, run: str, joins_on: bool) -> Iterator[SecretSpan]:
    """The cards in digits that are set apart by single spaces and dashes.

    Args:
        at: where the run begins in its text.
        run: the digits.
        joins_on: what follows is joined to the last group, so that group is no number's end.
    """
    groups = [match.span() for match in _GROUP.finditer(run)]
    digits = _digits(run)
    if not joins_on and len(digits) <= _LONGEST and is_card(digits):
        yield SecretSpan(at, at + len(run), "card number")
        return
    ends = list(accumulate(end - begin for begin, end in groups))
    number = 0
    while number < len(groups):
        last = _last_group(digits, ends, number)
        if last is None or (joins_on and last == len(groups) - 1):
            number += 1
            continue
        yield SecretSpan(at + groups[number][0], at + groups[last][1], "card number")
        number = last + 1


def _last_group(digits: str, ends: list[int], first: int) -> int | None:
    """The group that a card ends with that begins with this one; None if none does.

    Args:
        digits: of all groups.
        ends: where in them each group ends.
        first: the number of the group.
    """
    begin = ends[first - 1] if first else 0
    if ends[first] - begin < _FIRST_GROUP:
        return None
    for last in range(min(first + _MOST_GROUPS, len(ends)) - 1, first - 1, -1):
        if _SHORTEST <= ends[last] - begin <= _LONGEST and is_card(digits[begin : ends[last]]):
            return last
    return None


def _digits(span: str) -> str:
    return _APART.sub("", span)


def is_card(digits: str) -> bool:
    """Whether digits alone are the number of a card: one of a network's, with its check digit right."""
    begins = _BEGINS.get(len(digits))
    if begins is None or not digits.isascii() or not checks_out(digits):
        return False
    return begins.match(digits) is not None and len(set(digits)) > 1


def checks_out(digits: str) -> bool:
    """Whether the check digit is right. As python-stdnum says, which takes twenty times as long.

    A body full of digits would hold up everybody by it.
    """
    total = sum(digits[-1::-2].encode()) + sum(digits[-2::-2].translate(_DOUBLED).encode())
    return (total - ord("0") * len(digits)) % 10 == 0


_IBAN_BEGINS = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})[0-9]{2}(?=" + _SET_APART + r"?[A-Za-z0-9])")
_PART = re.compile(r"(\d+)!([nac])")
_CHARS = {"n": "0-9", "a": "A-Za-z", "c": "A-Za-z0-9"}


@cache
def _form(country: str) -> re.Pattern[str] | None:
    """What an IBAN of a country looks like, set apart anywhere; None where there are none."""
    (_, properties), *_ = numdb.get("iban").info(country)
    parts = _PART.findall(properties.get("bban", ""))
    account = "".join(f"(?:{_SET_APART}?[{_CHARS[kind]}]){{{count}}}" for count, kind in parts)
    return re.compile(rf"[A-Za-z]{{2}}[0-9]{{2}}{account}(?![A-Za-z0-9])") if parts else None


def find_ibans(text: str) -> Iterator[SecretSpan]:
    """The IBANs in a text."""
    done = 0
    for begin in _IBAN_BEGINS.finditer(text):
        form = _form(begin[1].upper())
        whole = form.match(text, begin.start()) if form is not None and begin.start() >= done else None
        if whole is not None and iban.is_valid(_digits(whole[0])):
            done = whole.end()
            yield SecretSpan(begin.start(), done, "IBAN")
