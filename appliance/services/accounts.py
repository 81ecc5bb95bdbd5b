"""Who may sign in: passwords, failures, locks, and what an administrator does about them.

What a signed-in person may do is `permissions`' part; sessions are the pages'.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from appliance.clock import now
from appliance.errors import Conflict, InvalidInput, NotFound, WrongCredentials
from appliance.permissions import Role
from appliance.records import audit, users
from appliance.records.database import transaction
from appliance.records.tables import User
from appliance.services import passwords
from appliance.vocabulary import APPLIANCE, Actor

# argon2id as OWASP's password storage cheat sheet has it: 19 MiB, so that a few people who sign
# in together do not fill the memory of a small board.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

STRANGER = "not signed in"
"""Name in the audit log of whoever tries to sign in."""


class Accounts:
    """Signs people in and manages their accounts."""

    def __init__(
        self, login_failures: int = 5, lock_minutes: float = 15.0, hasher: PasswordHasher = HASHER
    ) -> None:
        self._failures_allowed = max(1, login_failures)
        self._lock = timedelta(minutes=lock_minutes)
        self._hasher = hasher
        # Verified against for unknown users, so that the time an answer takes does not tell
        # which user names exist.
        self._nobody = hasher.hash(passwords.one_time())

    def create_first_administrator(
        self, username: str, full_name: str, password: str, address: str = ""
    ) -> User:
        """Make the administrator of a new appliance: the only account nobody else adds.

        Raises:
            Conflict: there is an administrator already.
            InvalidInput: user name, name or password cannot be taken.
        """
        _check_all(username, full_name, password)
        hashed = self._hash(password)
        with transaction():
            if users.any_administrator():
                raise Conflict(
                    "This appliance has an administrator already.",
                    advice="Sign in, or let the administrator add you.",
                )
            return users.add(username, full_name, Role.ADMINISTRATOR, hashed, None, address=address)

    def log_in(self, username: str, password: str, address: str) -> User:
        """Check user name and password; either way the attempt is written to the audit log.

        Unknown, disabled and locked accounts are refused in the same words and the same time as
        a wrong password. Failures are kept in the records: a restart does not forgive them.

        Raises:
            WrongCredentials: they do not belong together, or the account is disabled or locked.
        """
        user = users.by_username(username[: users.LONGEST_USERNAME + 1])
        # Outside the transaction: it takes tens of milliseconds on purpose.
        matches = self._matches(user.password_hash if user else self._nobody, password)
        with transaction():
            signed_in = self._judge(user, password, address, matches=matches)
        if signed_in is None:
            raise WrongCredentials
        return signed_in

    def add_user(self, values: Mapping[str, Any], by: Actor) -> tuple[User, str]:
        """Add a person; they choose their own password at the first log-in.

        Args:
            values: username, full_name, role.
            by: the administrator.

        Returns:
            The user and the one-time password, which is kept nowhere.

        Raises:
            InvalidInput: with a sentence for each entry that cannot be taken.
        """
        password = passwords.one_time()
        named = {name: values.get(name, "") for name in ("username", "full_name", "role")}
        row = users.add(
            **named, password_hash=self._hash(password), by=by, must_change_password=True
        )
        return row, password

    def add_demo_user(self, username: str, full_name: str, role: str) -> tuple[User, str]:
        """Add one of the people of a demo lab, whose password is printed and stays."""
        password = passwords.one_time()
        return users.add(username, full_name, role, self._hash(password), APPLIANCE), password

    def change_user(
        self, user_id: UUID, values: Mapping[str, Any], revision: int, by: Actor
    ) -> User:
        """Change a person's full name or role; a new role ends their sessions.

        Raises:
            NotFound, Conflict: no such user; changed since `revision`; the last administrator
                would lose the role.
            InvalidInput: an entry cannot be taken.
        """
        wanted = {name: values[name] for name in ("full_name", "role") if name in values}
        with transaction():
            row = users.get(user_id)
            if wanted.get("role", row.role) != row.role:
                _keep_an_administrator(row)
                wanted["session_epoch"] = row.session_epoch + 1
            return users.change(user_id, revision, by, **wanted)

    def disable(self, user_id: UUID, by: Actor) -> User:
        """Shut a person out and end their sessions; what they did stays under their name.

        Raises:
            NotFound, Conflict: no such user; the last active administrator.
        """
        with transaction():
            row = users.get(user_id)
            _keep_an_administrator(row)
            return _change(row, by, "user:disable", disabled=True)

    def enable(self, user_id: UUID, by: Actor) -> User:
        """Let a disabled or locked person sign in again, with the password they had.

        Raises:
            NotFound: no such user.
        """
        with transaction():
            row = users.get(user_id)
            if row.locked_until or row.failures:
                users.keep(row, locked_until=None, failures=0)
                audit.note("user:unlock", by=by, subject=row)
            return _change(row, by, "user:enable", disabled=False) if row.disabled else row

    def reset_password(self, user_id: UUID, by: Actor) -> str:
        """Give a person a one-time password, end their sessions and unlock the account.

        Raises:
            NotFound: no such user.
        """
        password = passwords.one_time()
        hashed = self._hash(password)
        with transaction():
            _set_password(users.get(user_id), hashed, by, "user:reset-password", one_time=True)
        return password

    def recover(self, username: str) -> str:
        """Reset a password from the device's command line, where nobody is signed in.

        Raises:
            NotFound: no user of this name.
            Conflict: the account is disabled.
        """
        row = users.by_username(username)
        if row is None:
            raise NotFound(
                f"There is no user {username}.", advice="List them with: scopeside user list"
            )
        if row.disabled:
            raise Conflict(
                f"The account {row.username} is disabled.",
                advice="Let an administrator enable it, or recover another account.",
            )
        return self.reset_password(row.id, APPLIANCE)

    def change_own_password(self, user: User, old: str, new: str, address: str = "") -> User:
        """Let a signed-in person choose a new password; ends their other sessions.

        Returns:
            The user with the new session epoch.

        Raises:
            InvalidInput: the old password is wrong, or the new one cannot be taken.
            WrongCredentials: too many wrong old passwords have locked the account.
        """
        by = users.actor_of(user, address)
        matches = self._matches(user.password_hash, old)
        if matches:
            passwords.check(new, username=user.username, field="new_password")
            if passwords.normalised(new) == passwords.normalised(old):
                raise InvalidInput({"new_password": "The new password is the old one."})
            hashed = self._hash(new)
        with transaction():
            row = users.get(user.id)
            barred = self._is_locked(row) or row.disabled
            if matches and not barred:
                row = _set_password(row, hashed, by, "user:own-password", one_time=False)
            elif not barred:
                self._count_failure(row, by)
        if barred:
            raise WrongCredentials
        if not matches:
            raise InvalidInput({"old_password": "This is not your present password."})
        return row

    def confirm(self, user: User, password: str, address: str = "") -> None:
        """Check a signed-in person's password once more, before what only they may do.

        A wrong one counts as a failed log-in does, and as many lock the account.

        Raises:
            InvalidInput: this is not their password.
            WrongCredentials: the account is locked or disabled.
        """
        by = users.actor_of(user, address)
        matches = self._matches(user.password_hash, password)
        with transaction():
            row = users.get(user.id)
            if row.password_hash != user.password_hash:
                matches = self._matches(row.password_hash, password)
            barred = self._is_locked(row) or row.disabled
            if barred:
                _refused(by, row, "disabled" if row.disabled else "locked")
            elif not matches:
                self._count_failure(row, by)
            else:
                users.keep(row, failures=0, locked_until=None)
        if barred:
            raise WrongCredentials(
                "This account is locked after too many wrong passwords.",
                advice="Wait a while, or let your administrator unlock it.",
            )
        if not matches:
            raise InvalidInput({"password": "This is not your password."})

    def _judge(
        self, user: User | None, password: str, address: str, *, matches: bool
    ) -> User | None:
        """Decide on the account as it is now, in the transaction; it may have changed since."""
        stranger = Actor(None, STRANGER, address=address)
        if user is None:
            _refused(stranger, None, "unknown")
            return None
        row = users.get(user.id)
        if row.password_hash != user.password_hash:
            # Another log-in at this moment may have renewed the hash of the very same password.
            matches = self._matches(row.password_hash, password)
        if row.disabled:
            _refused(stranger, row, "disabled")
        elif self._is_locked(row):
            _refused(stranger, row, "locked")
        elif not matches:
            self._count_failure(row, stranger)
        else:
            self._welcome(row, password, users.actor_of(row, address))
            return row
        return None

    def _welcome(self, row: User, password: str, by: Actor) -> None:
        renewed = {}
        if self._hasher.check_needs_rehash(row.password_hash):
            renewed["password_hash"] = self._hash(password)
        users.keep(row, failures=0, locked_until=None, last_login_at=now(), **renewed)
        audit.note("login:ok", by=by, subject=row)

    def _count_failure(self, row: User, by: Actor) -> None:
        failures = row.failures + 1
        _refused(by, row, "password")
        if failures < self._failures_allowed:
            users.keep(row, failures=failures)
            return
        users.keep(row, failures=0, locked_until=now() + self._lock)
        audit.note("login:locked", by=APPLIANCE, subject=row, details={"failures": failures})

    def _is_locked(self, row: User) -> bool:
        if row.locked_until is None:
            return False
        # Never longer than a lock lasts: a clock that was put back must not shut people out.
        return bool(timedelta() < row.locked_until - now() <= self._lock)

    def _hash(self, password: str) -> str:
        return self._hasher.hash(passwords.normalised(password))

    def _matches(self, hashed: str, password: str) -> bool:
        # Over-long ones are cut before hashing: they cannot be right, but must take their time.
        typed = passwords.normalised(password[: passwords.MAX_LENGTH + 1])
        try:
            return self._hasher.verify(hashed, typed)
        except (VerificationError, InvalidHashError):
            return False


def _check_all(username: str, full_name: str, password: str) -> None:
    """Check a form of its own at once, so that a person sees all that is wrong with it."""
    problems: dict[str, str] = {}
    try:
        users.check({"username": username, "full_name": full_name, "role": Role.ADMINISTRATOR})
    except InvalidInput as refused:
        problems |= refused.fields
    try:
        passwords.check(password, username=username)
    except InvalidInput as refused:
        problems |= refused.fields
    if problems:
        raise InvalidInput(problems)


def _set_password(row: User, hashed: str, by: Actor, action: str, *, one_time: bool) -> User:
    users.keep(row, failures=0, locked_until=None)
    return users.change(
        row.id,
        row.revision,
        by,
        action=action,
        password_hash=hashed,
        must_change_password=one_time,
        session_epoch=row.session_epoch + 1,
    )


def _change(row: User, by: Actor, action: str, *, disabled: bool) -> User:
    if row.disabled == disabled:
        return row
    epoch = row.session_epoch + (1 if disabled else 0)
    return users.change(
        row.id, row.revision, by, action=action, disabled=disabled, session_epoch=epoch
    )


def _keep_an_administrator(row: User) -> None:
    """Refuse a step after which nobody could manage users."""
    if [administrator.id for administrator in users.active_administrators()] == [row.id]:
        raise Conflict(
            "This is the last active administrator.",
            advice="Make somebody else administrator first.",
        )


def _refused(by: Actor, row: User | None, because: str) -> None:
    # Never the typed user name: people type their password there by mistake.
    audit.note("login:failed", by=by, subject=row, details={"because": because})
