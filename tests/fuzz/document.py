"""The routes that write or take a body, read from the OpenAPI document, and what is valid for each by its schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import quote

import jsonschema_rs

JSON = "application/json"
_METHODS = ("post", "put", "patch", "delete")
_OWNERS = {"user_id", "agent_id", "run_id"}


class NoJson(ValueError):
    """Bytes that are not JSON in UTF-8 as RFC 8259 has it."""


@dataclass(frozen=True)
class Parameter:
    """Something in the address.

    Args:
        name: as in the document.
        place: `path` or `query`.
        valid: tells whether a value, as text, is valid.
    """

    name: str
    place: str
    valid: jsonschema_rs.Validator


@dataclass(frozen=True)
class WriteRoute:
    """One operation.

    Args:
        method: in capitals.
        path: with the names of its parameters in braces.
        parameters: of path and query.
        body: tells whether a body is valid; None where none is taken.
    """

    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: jsonschema_rs.Validator | None

    @property
    def label(self) -> str:
        """Such as `POST /turns`."""
        return f"{self.method} {self.path}"

    @property
    def needs_an_owner(self) -> bool:
        """Whether it must not be called without naming somebody, though each single name may be left out."""
        return bool(_OWNERS & {parameter.name for parameter in self.parameters if parameter.place == "query"})

    def address(self, values: Mapping[str, str]) -> str:
        """The path with these values in it."""
        path = self.path
        for parameter in self.parameters:
            if parameter.place == "path":
                path = path.replace(f"{{{parameter.name}}}", quote(values[parameter.name], safe=""))
        return path

    def takes(self, body: bytes) -> bool:
        """Whether bytes are a valid body."""
        if self.body is None:
            return False
        try:
            return self.body.is_valid(parsed(body))
        except NoJson:
            return False


def write_routes(document: Mapping[str, Any]) -> Iterator[WriteRoute]:
    """Every operation of the document that is not just read, in the order of the document."""
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                operation = methods[method]
                body = operation.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema")
                parameters = tuple(
                    Parameter(parameter["name"], parameter["in"], _validator(parameter["schema"], document))
                    for parameter in operation.get("parameters", [])
                    if parameter["in"] in ("path", "query")
                )
                validator = _validator(body, document) if body is not None else None
                yield WriteRoute(method.upper(), path, parameters, validator)


def parsed(body: bytes) -> Any:
    """What bytes say, read by another reader than the server's. Raises NoJson."""
    try:
        text = body.decode()
        if text.startswith("\ufeff"):
            raise NoJson("a byte order mark")
        value = json.loads(text, parse_constant=_refused, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate cannot be sent on
    except (ValueError, RecursionError) as error:
        raise NoJson(str(error)) from error
    return value


def _refused(constant: str) -> NoReturn:
    raise NoJson(f"{constant} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise NoJson(f"{text} is no number that can be kept")
    return number


def _validator(schema: Mapping[str, Any], document: Mapping[str, Any]) -> jsonschema_rs.Validator:
    whole = {**schema, "components": document.get("components", {})}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
