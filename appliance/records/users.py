"""The people who sign in. Passwords, failures and locks are `services.accounts`' part."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from appliance.errors import InvalidInput
from appliance.permissions import Role
from appliance.records.database import transaction
from appliance.records.entries import Entries
from appliance.records.revisions import Version, fetch, insert, update, versions
from appliance.records.tables import User
from appliance.vocabulary import Actor

LONGEST_USERNAME = 40
"""Characters."""

_NAMED = ("username", "full_name", "role")

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]+")


def add(
    username: str,
    full_name: str,
    role: str,
    password_hash: str,
    by: Actor | None,
    *,
    must_change_password: bool = False,
    address: str = "",
) -> User:
    """Register a person.

    Args:
        username: taken in lower case.
        full_name: as reports print it, in any script.
        role: one of `permissions.Role`.
        password_hash: argon2id.
        by: who adds; None where the person adds themself, as the first administrator does.
        must_change_password: at the next log-in.
        address: of somebody who adds themself.

    Raises:
        InvalidInput: username, full_name or role cannot be taken.
    """
    values = check({"username": username, "full_name": full_name, "role": role})
    row = User(**values, password_hash=password_hash, must_change_password=must_change_password)
    author = by or Actor(user_id=row.id, name=row.full_name, role=row.role, address=address)
    with transaction():
        if by_username(row.username):
            raise InvalidInput({"username": f"The user name {row.username} is taken."})
        insert(row, "user:add", by=author, details={"role": row.role})
    return row


def change(
    user_id: UUID, revision: int, by: Actor, *, action: str = "user:change", **values: Any
) -> User:
    """Change columns of a user.

    Raises:
        NotFound, Conflict: no such user; changed by somebody else since `revision`.
        InvalidInput: full_name or role cannot be taken.
    """
    with transaction():
        row = fetch(User, user_id, revision)
        named = {name: values.get(name, row.__data__[name]) for name in _NAMED}
        update(row, values | check(named), action, by=by)
    return row


def keep(row: User, **values: Any) -> None:
    """Write counters, locks and hashes, which are not part of a user's history."""
    for name, value in values.items():
        setattr(row, name, value)
    with transaction():
        row.save(only=list(values))


def get(user_id: UUID) -> User:
    """Return one user, disabled or not.

    Raises:
        NotFound: no such user.
    """
    return fetch(User, user_id)


def by_username(username: str) -> User | None:
    """Find the user who signs in with this name, in whatever case it is typed."""
    return User.get_or_none(User.username == username.strip().lower())


def everyone() -> list[User]:
    """Return all users, active ones first, then by name."""
    return list(User.select().order_by(User.disabled, User.full_name, User.username))


def any_administrator() -> bool:
    """Say whether the first-run wizard has been gone through."""
    return User.select().where(User.role == Role.ADMINISTRATOR).exists()


def active_administrators() -> list[User]:
    """Return those who can manage users now."""
    return list(
        User.select().where(User.role == Role.ADMINISTRATOR, User.disabled == False)  # noqa: E712
    )


def history(user_id: UUID) -> list[Version]:
    """Return what was changed of a user, newest first."""
    return versions("user", user_id)


def actor_of(user: User, address: str = "") -> Actor:
    """Return the user as one who does something."""
    return Actor(user_id=user.id, name=user.full_name, role=user.role, address=address)


def check(values: Mapping[str, Any]) -> dict[str, Any]:
    """Check user name, full name and role, and return them as they are kept.

    Raises:
        InvalidInput: with a sentence for each that cannot be taken.
    """
    entries = Entries(values, _NAMED)
    username = entries.text(
        "username", "User name", longest=LONGEST_USERNAME, required=True
    ).lower()
    if username and not _USERNAME.fullmatch(username):
        entries.problem(
            "username",
            "A user name has 2 to 40 letters a-z, digits, dots, hyphens or underscores, "
            "and begins with a letter or digit.",
        )
    entries.checked["username"] = username
    entries.text("full_name", "Full name", longest=200, required=True)
    entries.choice("role", "Role", Role)
    return entries.done()
