"""Unicode's normal forms of a text, in time that does not grow with the square of its length.

CPython puts combining marks in their order by insertion: a run of n marks in the wrong order takes n * n steps, and
meanwhile no other thread runs. So a long run is put in order before. Its characters are taken apart first, each for
itself: some that are no marks are made of marks. Taken apart and put in order, a text keeps its normal forms.
"""

from __future__ import annotations

import unicodedata
from itertools import groupby
from typing import Literal

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
_APART: dict[Form, Form] = {"NFC": "NFD", "NFD": "NFD", "NFKC": "NFKD", "NFKD": "NFKD"}
_LONGEST_RUN = 30  # characters: up to here insertion costs no more than sorting


def normalized(form: Form, text: str) -> str:
    """The normal form of a text, as `unicodedata.normalize` makes it.

    Args:
        form: which form.
        text: any; the time grows with its length.
    """
    if text.isascii():
        return text  # is its own in every form
    if len(text) <= _LONGEST_RUN:
        return unicodedata.normalize(form, text)
    apart = {char: unicodedata.normalize(_APART[form], char) for char in set(text)}
    marks = {char for char, parts in apart.items() if unicodedata.combining(parts[0])}
    if marks:
        runs = ("".join(run) for _, run in groupby(text, marks.__contains__))
        text = "".join(_in_order(run, apart) if run[0] in marks and len(run) > _LONGEST_RUN else run for run in runs)
    return unicodedata.normalize(form, text)


def _in_order(run: str, apart: dict[str, str]) -> str:
    """A run of marks taken apart and in order; marks of one class stay as they stand. A mark is made of marks alone."""
    return "".join(sorted("".join(map(apart.__getitem__, run)), key=unicodedata.combining))
