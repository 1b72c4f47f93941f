"""What becomes of facts that change: a table. A case is what was said, in the order of acceptance, and what then holds.

A turn is written "day: fact", or "day: fact > EVENT target" when the model is to decide so on it ("= text" gives an
UPDATE another wording). Several turns in one string, separated by " & ", wait together and make one batch. "undo fact"
takes the last change of the memory that has this text back; "edit fact = text" changes it by hand.

What holds is written as the texts of now, then of earlier days ("4: a, b"), then every memory's versions, oldest
first, with the days on which they hold ("a 1-5 | b 5-"); "x" after them says that the memory was retracted.
"""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """One row."""

    name: str
    steps: list[str]
    now: str
    then: list[str]
    versions: list[str]


BERLIN, LISBON, PORTO = "Lives in Berlin", "Lives in Lisbon", "Lives in Porto"
KIDS, TWO = "Has kids", "Has kids, two of them"
GONE = "No longer lives in Berlin"

CASES = [
    Case("one fact", [f"1: {BERLIN}"], BERLIN, [f"2: {BERLIN}"], [f"{BERLIN} 1-"]),
    Case("nothing held before the first word", [f"5: {BERLIN}"], BERLIN, ["4: "], [f"{BERLIN} 5-"]),
    Case("two facts side by side", [f"1: {BERLIN}", "2: Likes tea"], f"Likes tea, {BERLIN}", [f"1: {BERLIN}"],
         [f"{BERLIN} 1-", "Likes tea 2-"]),
    Case("related facts that may both hold", ["1: Has a dog", "2: Has a cat > ADD"], "Has a cat, Has a dog",
         ["1: Has a dog"], ["Has a dog 1-", "Has a cat 2-"]),
    # A changed fact.
    Case("a changed fact supersedes", [f"1: {BERLIN}", f"5: {LISBON} > UPDATE {BERLIN}"], LISBON,
         [f"4: {BERLIN}", f"5: {LISBON}"], [f"{BERLIN} 1-5 | {LISBON} 5-"]),
    Case("changed twice", [f"1: {BERLIN}", f"5: {LISBON} > UPDATE {BERLIN}", f"9: {PORTO} > UPDATE {LISBON}"], PORTO,
         [f"2: {BERLIN}", f"6: {LISBON}", f"9: {PORTO}"], [f"{BERLIN} 1-5 | {LISBON} 5-9 | {PORTO} 9-"]),
    Case("changed and changed back", [f"1: {BERLIN}", f"5: {LISBON} > UPDATE {BERLIN}",
         f"9: {BERLIN} > UPDATE {LISBON}"], BERLIN, [f"6: {LISBON}", f"2: {BERLIN}"],
         [f"{BERLIN} 1-5 | {LISBON} 5-9 | {BERLIN} 9-"]),
    Case("one of two changes", [f"1: {BERLIN}", "2: Works at Acme", "5: Works at Globex > UPDATE Works at Acme"],
         f"{BERLIN}, Works at Globex", [f"3: {BERLIN}, Works at Acme"],
         [f"{BERLIN} 1-", "Works at Acme 2-5 | Works at Globex 5-"]),
    Case("changed at the very same time", [f"1: {BERLIN}", f"1: {LISBON} > UPDATE {BERLIN}"], LISBON,
         [f"1: {LISBON}"], [f"{BERLIN} 1-1 | {LISBON} 1-"]),
    # A refinement.
    Case("a refinement keeps what held", [f"1: {KIDS}", f"3: {TWO} > UPDATE {KIDS}"], TWO, [f"2: {KIDS}"],
         [f"{KIDS} 1-3 | {TWO} 3-"]),
    Case("a refinement in the model's words", [f"1: {KIDS}", f"3: Has two kids > UPDATE {KIDS} = {TWO}"], TWO,
         [f"2: {KIDS}"], [f"{KIDS} 1-3 | {TWO} 3-"]),
    Case("refined twice", [f"1: {KIDS}", f"3: {TWO} > UPDATE {KIDS}", f"4: {TWO}, Ben and Mia > UPDATE {TWO}"],
         f"{TWO}, Ben and Mia", [f"3: {TWO}"], [f"{KIDS} 1-3 | {TWO} 3-4 | {TWO}, Ben and Mia 4-"]),
    # A re-statement.
    Case("said again in the same words", [f"1: {BERLIN}", f"5: {BERLIN}"], BERLIN, [f"2: {BERLIN}"], [f"{BERLIN} 1-"]),
    Case("said again in nearly the same words", ["1: Lives in the very centre of old Berlin",
         "5: Lives in the centre of old Berlin"],
         "Lives in the very centre of old Berlin", [], ["Lives in the very centre of old Berlin 1-"]),
    Case("said again in other words", [f"1: {BERLIN}", f"5: Berlin is where she lives > NONE {BERLIN}"], BERLIN, [],
         [f"{BERLIN} 1-"]),
    Case("said twice in one batch", [f"1: {BERLIN} & 2: {BERLIN}"], BERLIN, [], [f"{BERLIN} 1-"]),
    Case("less than is known", [f"1: {TWO}", f"2: {KIDS} > NONE {TWO}"], TWO, [f"2: {TWO}"], [f"{TWO} 1-"]),
    Case("a negation is no re-statement", ["1: Eats meat", "2: Eats no meat > UPDATE Eats meat"], "Eats no meat",
         ["1: Eats meat"], ["Eats meat 1-2 | Eats no meat 2-"]),
    # A retraction.
    Case("a retraction ends it", [f"1: {BERLIN}", f"5: {GONE} > DELETE {BERLIN}"], "", [f"4: {BERLIN}", "5: "],
         [f"{BERLIN} 1-5 x"]),
    Case("only what was retracted ends", [f"1: {BERLIN}", "2: Likes tea", f"5: {GONE} > DELETE {BERLIN}"], "Likes tea",
         [f"3: Likes tea, {BERLIN}"], [f"{BERLIN} 1-5 x", "Likes tea 2-"]),
    Case("told anew after a retraction", [f"1: {BERLIN}", f"5: {GONE} > DELETE {BERLIN}", f"9: {BERLIN}"], BERLIN,
         ["6: ", f"2: {BERLIN}"], [f"{BERLIN} 1-5 x", f"{BERLIN} 9-"]),
    Case("something else after a retraction", [f"1: {BERLIN}", f"5: {GONE} > DELETE {BERLIN}", f"9: {PORTO}"], PORTO,
         ["6: "], [f"{BERLIN} 1-5 x", f"{PORTO} 9-"]),
    Case("retracted after a change", [f"1: {BERLIN}", f"3: {LISBON} > UPDATE {BERLIN}",
         f"5: No longer lives in Lisbon > DELETE {LISBON}"], "", [f"4: {LISBON}", f"2: {BERLIN}"],
         [f"{BERLIN} 1-3 | {LISBON} 3-5 x"]),
    Case("a retraction of something unknown", [f"1: {BERLIN}", "2: No longer lives in Rome > NONE -"], BERLIN, [],
         [f"{BERLIN} 1-"]),
    # A turn with an older timestamp that arrives late.
    Case("late: never replaces what is newer", [f"5: {LISBON}", f"1: {BERLIN} > UPDATE {LISBON}"], LISBON,
         [f"4: {BERLIN}", f"5: {LISBON}", "0: "], [f"{BERLIN} 1-5 | {LISBON} 5-"]),
    Case("late: between two versions", [f"1: {BERLIN}", f"9: {LISBON} > UPDATE {BERLIN}",
         f"5: {PORTO} > UPDATE {LISBON}"], LISBON, [f"4: {BERLIN}", f"6: {PORTO}", f"9: {LISBON}"],
         [f"{BERLIN} 1-5 | {PORTO} 5-9 | {LISBON} 9-"]),
    Case("late: before the first of two", [f"3: {BERLIN}", f"9: {LISBON} > UPDATE {BERLIN}",
         f"1: {PORTO} > UPDATE {LISBON}"], LISBON, [f"2: {PORTO}", f"4: {BERLIN}"],
         [f"{PORTO} 1-3 | {BERLIN} 3-9 | {LISBON} 9-"]),
    Case("late: two of them, in either order", [f"9: {LISBON}", f"5: {PORTO} > UPDATE {LISBON}",
         f"1: {BERLIN} > UPDATE {LISBON}"], LISBON, [f"2: {BERLIN}", f"6: {PORTO}"],
         [f"{BERLIN} 1-5 | {PORTO} 5-9 | {LISBON} 9-"]),
    Case("late: then a change of what stands", [f"5: {LISBON}", f"1: {BERLIN} > UPDATE {LISBON}",
         f"9: {PORTO} > UPDATE {LISBON}"], PORTO, [f"2: {BERLIN}", f"6: {LISBON}"],
         [f"{BERLIN} 1-5 | {LISBON} 5-9 | {PORTO} 9-"]),
    Case("late: then retracted", [f"5: {LISBON}", f"1: {BERLIN} > UPDATE {LISBON}",
         f"9: No longer lives in Lisbon > DELETE {LISBON}"], "", [f"2: {BERLIN}", f"6: {LISBON}", "9: "],
         [f"{BERLIN} 1-5 | {LISBON} 5-9 x"]),
    Case("late: a re-statement holds from when it was said", [f"5: {LISBON}", f"2: {LISBON}"], LISBON,
         [f"3: {LISBON}", "1: "], [f"{LISBON} 2-5 | {LISBON} 5-"]),
    Case("late: a re-statement of what held then changes nothing", [f"1: {BERLIN}", f"9: {LISBON} > UPDATE {BERLIN}",
         f"4: {BERLIN} > UPDATE {LISBON}"], LISBON, [f"5: {BERLIN}"], [f"{BERLIN} 1-9 | {LISBON} 9-"]),
    Case("late: a refinement keeps its own words", [f"5: {TWO}", f"1: {KIDS} > UPDATE {TWO} = {TWO} and a dog"], TWO,
         [f"2: {KIDS}"], [f"{KIDS} 1-5 | {TWO} 5-"]),
    Case("late: a retraction of what was told later", [f"5: {BERLIN}", f"1: {GONE} > DELETE {BERLIN}"], BERLIN, [],
         [f"{BERLIN} 5-"]),
    Case("late: does not bring back what was retracted since", [f"1: {BERLIN}", f"5: {GONE} > DELETE {BERLIN}",
         f"3: {BERLIN}"], "", [f"4: {BERLIN}", "6: "], [f"{BERLIN} 1-5 x"]),
    Case("late: told before what was retracted since", [f"3: {BERLIN}", f"5: {GONE} > DELETE {BERLIN}",
         f"1: {BERLIN}"], "", [f"2: {BERLIN}", "5: "], [f"{BERLIN} 1-3 | {BERLIN} 3-5 x"]),
    Case("late: changed before it was retracted", [f"1: {BERLIN}", f"9: {GONE} > DELETE {BERLIN}",
         f"5: {PORTO} > UPDATE {BERLIN}"], "", [f"4: {BERLIN}", f"6: {PORTO}", "9: "],
         [f"{BERLIN} 1-5 | {PORTO} 5-9 x"]),
    Case("late: something else is new", [f"5: {LISBON}", "1: Likes tea"], f"Likes tea, {LISBON}", ["2: Likes tea"],
         ["Likes tea 1-", f"{LISBON} 5-"]),
    Case("late: another that may stand beside", ["5: Has a cat", "1: Has a dog > ADD"], "Has a cat, Has a dog",
         ["2: Has a dog"], ["Has a dog 1-", "Has a cat 5-"]),
    # Several turns in one batch.
    Case("one batch: told and changed", [f"1: {BERLIN} & 5: {LISBON} > UPDATE {BERLIN}"], LISBON, [f"2: {BERLIN}"],
         [f"{BERLIN} 1-5 | {LISBON} 5-"]),
    Case("one batch: told, changed, changed", [f"1: {BERLIN} & 3: {LISBON} > UPDATE {BERLIN}"
         f" & 5: {PORTO} > UPDATE {LISBON}"], PORTO, [f"2: {BERLIN}", f"4: {LISBON}"],
         [f"{BERLIN} 1-3 | {LISBON} 3-5 | {PORTO} 5-"]),
    Case("one batch: told and taken back", [f"1: {BERLIN} & 5: {GONE} > DELETE {BERLIN}"], "", [f"2: {BERLIN}", "6: "],
         [f"{BERLIN} 1-5 x"]),
    Case("one batch: told, taken back, something else", [f"1: {BERLIN} & 3: {GONE} > DELETE {BERLIN}"
         f" & 5: {PORTO} > UPDATE {BERLIN}"], PORTO, [f"2: {BERLIN}", "4: "], [f"{BERLIN} 1-3 x", f"{PORTO} 5-"]),
    Case("one batch: in the wrong order of time", [f"5: {LISBON} & 1: {BERLIN} > UPDATE {LISBON}"], LISBON,
         [f"2: {BERLIN}"], [f"{BERLIN} 1-5 | {LISBON} 5-"]),
    Case("one batch: what is known changes twice", [f"1: {BERLIN}", f"3: {LISBON} > UPDATE {BERLIN}"
         f" & 5: {PORTO} > UPDATE {BERLIN}"], PORTO, [f"2: {BERLIN}", f"4: {LISBON}"],
         [f"{BERLIN} 1-3 | {LISBON} 3-5 | {PORTO} 5-"]),
    Case("one batch: a late one between what the batch made", [f"1: {BERLIN}", f"9: {LISBON} > UPDATE {BERLIN}"
         f" & 5: {PORTO} > UPDATE {BERLIN}"], LISBON, [f"4: {BERLIN}", f"6: {PORTO}"],
         [f"{BERLIN} 1-5 | {PORTO} 5-9 | {LISBON} 9-"]),
    Case("one batch: said again of what it has changed", [f"1: {BERLIN}", f"3: {LISBON} > UPDATE {BERLIN}"
         f" & 5: {LISBON}"], LISBON, [f"2: {BERLIN}"], [f"{BERLIN} 1-3 | {LISBON} 3-"]),
    # By hand.
    Case("undo brings the version before", [f"1: {BERLIN}", f"5: {LISBON} > UPDATE {BERLIN}", f"undo {LISBON}"],
         BERLIN, [f"2: {BERLIN}", f"6: {LISBON}"], [f"{BERLIN} 1-5 | {LISBON} 5-now | {BERLIN} now-"]),
    Case("undo of an undo", [f"1: {BERLIN}", f"5: {LISBON} > UPDATE {BERLIN}", f"undo {LISBON}", f"undo {BERLIN}"],
         LISBON, [f"2: {BERLIN}"], [f"{BERLIN} 1-5 | {LISBON} 5-now | {BERLIN} now-now | {LISBON} now-"]),
    Case("undo of a retraction", [f"1: {BERLIN}", f"5: {GONE} > DELETE {BERLIN}", f"undo {BERLIN}"], BERLIN,
         [f"4: {BERLIN}", "6: "], [f"{BERLIN} 1-5 | {BERLIN} now-"]),
    Case("undo goes by what held before, late or not", [f"1: {BERLIN}", f"9: {LISBON} > UPDATE {BERLIN}",
         f"5: {PORTO} > UPDATE {LISBON}", f"undo {LISBON}"], PORTO, [f"9: {LISBON}"],
         [f"{BERLIN} 1-5 | {PORTO} 5-9 | {LISBON} 9-now | {PORTO} now-"]),
    Case("a change after an undo", [f"1: {BERLIN}", f"5: {LISBON} > UPDATE {BERLIN}", f"undo {LISBON}",
         f"now: {PORTO} > UPDATE {BERLIN}"], PORTO, [f"6: {LISBON}"],
         [f"{BERLIN} 1-5 | {LISBON} 5-now | {BERLIN} now-now | {PORTO} now-"]),
    Case("late after an undo", [f"1: {BERLIN}", f"9: {LISBON} > UPDATE {BERLIN}", f"undo {LISBON}",
         f"5: {PORTO} > UPDATE {BERLIN}"], BERLIN, [f"6: {PORTO}", f"9: {LISBON}"],
         [f"{BERLIN} 1-5 | {PORTO} 5-9 | {LISBON} 9-now | {BERLIN} now-"]),
    Case("edited by hand", [f"1: {BERLIN}", f"edit {BERLIN} = {PORTO}"], PORTO, [f"5: {BERLIN}"],
         [f"{BERLIN} 1-now | {PORTO} now-"]),
    Case("edited, then told otherwise", [f"1: {BERLIN}", f"edit {BERLIN} = {PORTO}", f"now: {LISBON} > UPDATE {PORTO}"],
         LISBON, [f"5: {BERLIN}"], [f"{BERLIN} 1-now | {PORTO} now-now | {LISBON} now-"]),
    Case("late after an edit", [f"1: {BERLIN}", f"edit {BERLIN} = {PORTO}", f"5: {LISBON} > UPDATE {PORTO}"], PORTO,
         [f"2: {BERLIN}", f"6: {LISBON}"], [f"{BERLIN} 1-5 | {LISBON} 5-now | {PORTO} now-"]),
]  # fmt: skip
