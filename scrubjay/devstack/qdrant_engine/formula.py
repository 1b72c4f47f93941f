"""Score formulas: from JSON to the engine's expressions."""

from collections.abc import Callable
from typing import Any

import qdrant_edge as engine
from qdrant_edge import Expression

from scrubjay.devstack.qdrant_engine.errors import BadInput
from scrubjay.devstack.qdrant_engine.fields import Json, as_list, as_number, as_object, as_string, only
from scrubjay.devstack.qdrant_engine.filters import read_condition

MAX_DEPTH = 64


def read_formula(query: Json) -> engine.Formula:
    """Read `{"formula": expression, "defaults": {variable: value}}`."""
    only(query, ("formula", "defaults"), "a formula query")
    defaults = as_object(query.get("defaults") or {}, "defaults")
    return engine.Formula(_read(query["formula"], 0), defaults)


def _read(value: Any, depth: int) -> Expression:
    """Read an expression of a Qdrant formula (variable, number, operator, condition) from JSON into the engine's."""
    if depth > MAX_DEPTH:
        raise BadInput(f"the formula is nested more than {MAX_DEPTH} levels deep.")
    if isinstance(value, str):
        return Expression.Variable(value)
    if isinstance(value, int | float):
        return Expression.Constant(as_number(value, "a formula's number"))
    body = as_object(value, "an expression")
    for name, build in _EXPRESSIONS.items():
        if name in body:
            return build(only(body, (name,), "an expression")[name], depth + 1)
    return Expression.Condition(read_condition(body))


def _many(build: Callable[[list[Expression]], Expression]) -> Callable[[Any, int], Expression]:
    """A reader of a Qdrant formula's operator over many operands (mult, sum, max, min), from JSON to the engine's."""

    def read(value: Any, depth: int) -> Expression:
        return build([_read(item, depth) for item in as_list(value, "operands")])

    return read


def _one(build: Callable[[Expression], Expression]) -> Callable[[Any, int], Expression]:
    return lambda value, depth: build(_read(value, depth))


def _div(value: Any, depth: int) -> Expression:
    body = only(as_object(value, "div"), ("left", "right", "by_zero_default"), "div")
    default = body.get("by_zero_default")
    return Expression.Div(
        _read(body.get("left"), depth),
        _read(body.get("right"), depth),
        None if default is None else as_number(default, "div.by_zero_default"),
    )


def _pow(value: Any, depth: int) -> Expression:
    body = only(as_object(value, "pow"), ("base", "exponent"), "pow")
    return Expression.Pow(_read(body.get("base"), depth), _read(body.get("exponent"), depth))


def _decay(kind: engine.DecayKind) -> Callable[[Any, int], Expression]:
    """A reader of a Qdrant formula's decay function (lin, exp or gauss), from JSON to the engine's expression."""

    def read(value: Any, depth: int) -> Expression:
        body = only(as_object(value, "decay"), ("x", "target", "midpoint", "scale"), "decay")
        target, midpoint, scale = body.get("target"), body.get("midpoint"), body.get("scale")
        return Expression.Decay(
            kind,
            _read(body.get("x"), depth),
            None if target is None else _read(target, depth),
            None if midpoint is None else as_number(midpoint, "decay.midpoint"),
            None if scale is None else as_number(scale, "decay.scale"),
        )

    return read


_EXPRESSIONS: dict[str, Callable[[Any, int], Expression]] = {
    "mult": _many(Expression.Mult),
    "sum": _many(Expression.Sum),
    "max": _many(Expression.Max),
    "min": _many(Expression.Min),
    "neg": _one(Expression.Neg),
    "abs": _one(Expression.Abs),
    "sqrt": _one(Expression.Sqrt),
    "exp": _one(Expression.Exp),
    "log10": _one(Expression.Log10),
    "ln": _one(Expression.Ln),
    "acosh": _one(Expression.Acosh),
    "div": _div,
    "pow": _pow,
    "datetime": lambda value, _: Expression.Datetime(as_string(value, "datetime")),
    "datetime_key": lambda value, _: Expression.DatetimeKey(as_string(value, "datetime_key")),
    "lin_decay": _decay(engine.DecayKind.Lin),
    "exp_decay": _decay(engine.DecayKind.Exp),
    "gauss_decay": _decay(engine.DecayKind.Gauss),
}
