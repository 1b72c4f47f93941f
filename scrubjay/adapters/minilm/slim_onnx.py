"""Makes a weight-only int8 ONNX model smaller in memory: look a row up first, turn only that row into floats.

The export stores its word table as 8-bit numbers and scales, and the graph turns the *whole* table into floats
(47 MB) before it looks a few rows up. onnxruntime does that once while loading and keeps the floats. Looking up
first gives bit for bit the same vectors without them. The file is a protobuf; three of its nodes are replaced on the
level of the wire, because the package that edits such files would cost more memory than is saved.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

# Field numbers of onnx.proto: ModelProto.graph, GraphProto.node, NodeProto.*, AttributeProto.*
_GRAPH, _NODE = 7, 1
_INPUT, _OUTPUT, _NAME, _OP_TYPE, _ATTRIBUTE = 1, 2, 3, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_INT, _ATTRIBUTE_TYPE = 1, 3, 20
_TYPE_INT, _FLOAT32 = 2, 1
_WIRE_VARINT, _WIRE_BYTES = 0, 2


class _Field(NamedTuple):
    number: int
    start: int
    body: int
    end: int


def look_up_before_dequantizing(model: bytes, table: str, ids: str, rows: str) -> bytes:
    """Move a table's lookup ahead of its dequantization.

    Args:
        model: the ONNX file.
        table: the table's name; `<table>_q` (int8) and `<table>_scale` are what the file stores of it.
        ids: the name of the tensor of row numbers.
        rows: the name of the tensor of looked-up rows.

    Returns the edited file, or `model` itself when it does not hold exactly the three nodes this knows
    (cast, scale, look up).
    Raises ValueError when the bytes are no protobuf.
    """
    graph = next((field for field in _fields(model, 0, len(model)) if field.number == _GRAPH), None)
    if graph is None:
        return model
    kept: list[bytes] = []
    replaced = lookups = 0
    for field in _fields(model, graph.body, graph.end):
        piece = model[field.start : field.end]
        if field.number == _NODE and table.encode() in piece:
            replaced += 1
            if _bytes(_OUTPUT, rows.encode()) in piece:
                kept += _lookup(table, ids, rows)
                lookups += 1
        else:
            kept.append(piece)
    if (replaced, lookups) != (3, 1):
        return model
    return b"".join((model[: graph.start], _bytes(_GRAPH, b"".join(kept)), model[graph.end :]))


def _lookup(table: str, ids: str, rows: str) -> list[bytes]:
    """The ONNX nodes (Gather, Cast, Gather, Mul) that look up rows of an int8 table and dequantize these alone."""
    to_float = _bytes(_ATTRIBUTE_NAME, b"to") + _number(_ATTRIBUTE_INT, _FLOAT32) + _number(_ATTRIBUTE_TYPE, _TYPE_INT)
    return [
        _node("Gather", [f"{table}_q", ids], f"{rows}_q"),
        _node("Cast", [f"{rows}_q"], f"{rows}_f", _bytes(_ATTRIBUTE, to_float)),
        _node("Gather", [f"{table}_scale", ids], f"{rows}_scale"),
        _node("Mul", [f"{rows}_f", f"{rows}_scale"], rows),
    ]


def _node(op_type: str, inputs: list[str], output: str, attribute: bytes = b"") -> bytes:
    """Encode a node of an ONNX graph (NodeProto) as a protobuf field, for the local embedding model's file."""
    names = b"".join(_bytes(_INPUT, name.encode()) for name in inputs)
    own = output.encode()
    node = names + _bytes(_OUTPUT, own) + _bytes(_NAME, own) + _bytes(_OP_TYPE, op_type.encode()) + attribute
    return _bytes(_NODE, node)


def _fields(data: bytes, at: int, end: int) -> Iterator[_Field]:
    """Split a part of the embedding model's ONNX file into protobuf fields. Raises ValueError for a damaged one."""
    while at < end:
        start = at
        tag, at = _read_varint(data, at)
        number, wire = tag >> 3, tag & 7
        value, body = _read_varint(data, at)
        at = body + value if wire == _WIRE_BYTES else body
        if wire not in (_WIRE_VARINT, _WIRE_BYTES) or at > end:
            raise ValueError(f"not an ONNX file: a field at byte {start} is damaged")
        yield _Field(number, start, body, at)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Decode the protobuf varint at a byte of the embedding model's ONNX file: its value, and where it ends.

    Raises ValueError where it does not end.
    """
    value = shift = 0
    for position in range(at, min(at + 10, len(data))):
        byte = data[position]
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, position + 1
    raise ValueError(f"not an ONNX file: a number at byte {at} does not end")


def _varint(value: int) -> bytes:
    """Encode a number as a protobuf varint, for the ONNX file of the embedding model."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _bytes(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | _WIRE_BYTES) + _varint(len(body)) + body


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3 | _WIRE_VARINT) + _varint(value)
