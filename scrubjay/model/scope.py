"""Whose memory it is, and the lane in which its turns wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from scrubjay.model.unicode_normalization import normalized
from scrubjay.model.value import Value

OWNERS = ("user_id", "agent_id", "run_id", "app_id")  # the first that is set names the lane
Tenant = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


Kind = Literal["user", "agent", "run", "app"]
KINDS: Mapping[Kind, str] = {"user": "user_id", "agent": "agent_id", "run": "run_id", "app": "app_id"}
_KIND_OF: Mapping[str, Kind] = {field: kind for kind, field in KINDS.items()}
LONGEST_ID = 256
_NO_ADDRESSES = (".", "..")


def owner_id(value: Any) -> str:
    """The one spelling of an owner's id, under which it is stored and looked for: NFC, without white space around it.

    Args:
        value: as a caller writes it: text, an integer (JSON may write 7 as 7.0) or a UUID. Upper and lower case differ.

    Raises ValueError for what is blank, longer than 256 characters, `.` or `..`, or of another type.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | UUID):
        raise ValueError("must be text, an integer or a UUID")
    text = str(value)
    if len(text) > LONGEST_ID:
        raise ValueError(f"must have at most {LONGEST_ID} characters")
    name = normalized("NFC", text).strip()
    if not name:
        raise ValueError("must not be blank")
    return addressable(name)


def addressable(name: str) -> str:
    """Rule for the id of an owner (user, agent, run, app): return it, the same, if it can stand in a URL's path.

    Raises ValueError for one that means something else as a part of an address (`.` and `..`).
    """
    if name in _NO_ADDRESSES:
        raise ValueError("must not be . or .., which no address can name")
    return name


def spelled(value: Any) -> Any:
    """The same where it can be an id; what can be none stays as it is."""
    try:
        return owner_id(value)
    except ValueError:
        return value


class Scope(Value):
    """Whose memory it is: a tenant and at least one of user, agent, run and app; without any, everything of the tenant.

    The tenant comes from the server (never from a request's body) and is part of every key and query. The ids are as
    they are stored: what a caller names goes through `owner_id` before.
    """

    tenant: Tenant
    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    app_id: str | None = None

    @property
    def lane(self) -> Lane:
        """The lane of this scope: its user, else its agent, else its run, else its app."""
        for field, name in self.ids.items():
            return Lane(tenant=self.tenant, kind=_KIND_OF[field], name=name)
        raise ValueError("a scope needs at least one of user_id, agent_id, run_id and app_id")

    @property
    def ids(self) -> dict[str, str]:
        """The ids that are set, by field name."""
        values = {field: getattr(self, field) for field in OWNERS}
        return {field: name for field, name in values.items() if name is not None}

    def covers(self, other: Scope) -> bool:
        """Whether everything of the other scope is of this one."""
        return self.tenant == other.tenant and self.ids.items() <= other.ids.items()

    @property
    def covering(self) -> list[Scope]:
        """Every scope whose erase covers this one: all non-empty subsets of its ids."""
        ids = list(self.ids.items())
        subsets = [[item for bit, item in enumerate(ids) if chosen >> bit & 1] for chosen in range(1, 2 ** len(ids))]
        return [Scope(tenant=self.tenant, **dict(subset)) for subset in subsets]


class Lane(Value):
    """One owner's queue: its turns are applied one after the other, in the order of acceptance."""

    tenant: str
    kind: Kind
    name: str

    @property
    def key(self) -> str:
        """The lane as one string, which no other lane has: tenants hold no colon.

        It names the owner, so that no key in Redis is made of it.
        """
        return f"{self.tenant}:{self.kind}:{self.name}"

    @property
    def scope(self) -> Scope:
        """The scope that matches everything this owner has."""
        return Scope(tenant=self.tenant, **{f"{self.kind}_id": self.name})
