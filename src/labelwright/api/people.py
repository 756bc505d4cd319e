"""People: who they are, in which role, and the secrets that let them in."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

__all__ = ["ROLES", "Invited", "LinkMade", "Me", "MyProject", "Role", "Secret", "Session", "Token", "User"]


Role = Literal["annotator", "reviewer", "manager", "owner"]
ROLES: tuple[Role, ...] = ("annotator", "reviewer", "manager", "owner")
"""The roles, each of which may do all that those before it may."""


class User(Struct, frozen=True, kw_only=True):
    """Somebody who labels or reviews, or whose labels were imported; `roles` has the role in each project by the project's name."""

    id: int
    name: str
    active: bool
    has_password: bool
    roles: dict[str, Role] = {}


class Token(Struct, frozen=True, kw_only=True):
    """A token of a program, without its secret."""

    id: int
    name: str
    user: str
    role: Role
    project: str | None
    created_at: float
    expires_at: float


class Me(Struct, frozen=True):
    """The person who is signed in."""

    id: int
    name: str
    has_password: bool


class MyProject(Struct, frozen=True):
    """A project that the person has a part in."""

    name: str
    role: Role
    modality: str


class Session(Struct, frozen=True):
    """Who is signed in, and where."""

    user: Me
    csrf: str
    projects: list[MyProject]


class Invited(Struct, frozen=True):
    """A new person's number, and the secret of the one-time link to sign in with."""

    id: int
    token: str


class LinkMade(Struct, frozen=True):
    """The secret of a new one-time link, where one was asked for."""

    token: str | None


class Secret(Struct, frozen=True, forbid_unknown_fields=True):
    """The secret of a new token, which is shown this once, or of a one-time link, which is sent in to sign in."""

    token: str
