"""What is asked about erases and told: receipts, and whether one holds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError
from pydantic_core import PydanticCustomError, to_json

from scrubjay.api.schemas.common import Named, PageOut
from scrubjay.model.erasure import Receipt


def _as_given_out(value: Any) -> Receipt:
    """Pydantic validator of the receipt in the body of `POST /receipts/verify`: strict, so that no value is coerced.

    A receipt in which nothing is put right: with "1" or true for 1 it is not the text that was signed.
    """
    try:
        return Receipt.model_validate_json(to_json(value), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        sentence = ": ".join([".".join(str(step) for step in first["loc"]), first["msg"]]).removeprefix(": ")
        raise PydanticCustomError("receipt", "{sentence}", {"sentence": sentence}) from None


class VerifyIn(Named):
    """A receipt as it was given out, and whom it should be about."""

    receipt: Annotated[
        Receipt,
        Field(description="The whole receipt, every field as it was given out."),
        BeforeValidator(_as_given_out),
    ]


class PlacesOut(BaseModel):
    """What an erase removed, by place: turns by the status they had; `memories` stood, `versions` are all of them."""

    turns: dict[str, int]
    plans: int
    texts: int
    memories: int
    versions: int


class LeftOut(BaseModel):
    """What a look found of an owner who should be gone."""

    turns: int
    texts: int
    plans: int
    versions: int


class ReceiptOut(BaseModel):
    """What an erase removed (`memories`: all versions), that nothing was found afterwards, and who says so.

    `known` is false where nothing of the owner was there and the owner had not been forgotten before: check the ids.

    `owner` is a keyed hash, `scope` tells which ids were named, `signature` is Ed25519 in base64 over all other fields.
    """

    id: str
    tenant: str
    erased_at: datetime
    watermark: int
    owner: str
    scope: list[str]
    turns: int
    memories: int
    verified: bool
    known: bool
    counts: PlacesOut
    left: LeftOut
    key_id: str
    signature: str


class ReceiptPage(PageOut[ReceiptOut]):
    """One page of receipts."""


class PublicKeyOut(BaseModel):
    """What receipts' signatures are checked with."""

    key_id: str
    algorithm: str
    pem: str
    raw: str


class ExaminedOut(BaseModel):
    """Whether a receipt holds."""

    signature: bool
    owner: bool | None
    left: LeftOut | None
