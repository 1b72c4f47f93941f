"""The public filter grammar.

An object holds AND, OR, NOT and fields; what stands side by side in it must all hold. AND and OR take a list of
objects, NOT an object or a list of which nothing may hold. A field takes a value (`eq`), an object of operators that
must all hold, or `*`: it is set, to something else than null or an empty list. Of a list, any element may meet a
comparison. Every comparison, `ne` and `nin` too, holds only where the field is set; NOT is the plain opposite.
"""

from scrubjay.search.filters.grammar import parse
from scrubjay.search.filters.scoping import narrowed, waiting_owners

__all__ = ["narrowed", "parse", "waiting_owners"]
