"""Signing in: who is let in, who is not, and what failures lead to."""

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from argon2 import PasswordHasher
from peewee import Database

from appliance.errors import WrongCredentials
from appliance.permissions import Role
from appliance.records import database as records
from appliance.records import users
from appliance.records.tables import User
from appliance.services.accounts import HASHER, Accounts
from appliance.vocabulary import Actor
from tests.services.door import ADDRESS, fail, last


@pytest.fixture
def later(monkeypatch):
    """Stops the clock, and turns it on: later(minutes)."""
    moment = [datetime.now(UTC)]  # noqa: TID251
    for module in ("appliance.services.accounts", "appliance.records.audit"):
        monkeypatch.setattr(f"{module}.now", lambda: moment[0])

    def turn(minutes: float) -> None:
        moment[0] += timedelta(minutes=minutes)

    return turn


class TestLoggingIn:
    def test_takes_name_and_password(self, accounts: Accounts, hana: User, password: str):
        row = accounts.log_in(" HANA ", password, ADDRESS)
        assert row == hana
        assert row.last_login_at is not None
        event = last("login:")
        assert (event.action, event.actor_id, event.address) == ("login:ok", hana.id, ADDRESS)

    def test_is_not_a_revision(self, accounts: Accounts, hana: User, password: str):
        accounts.log_in("hana", password, ADDRESS)
        assert users.get(hana.id).revision == 1

    @pytest.mark.parametrize(
        "wrong", ["", "not it", "four plain grey word", "x" * 100_000, "a\ud800"]
    )
    def test_refuses_a_wrong_password(self, accounts: Accounts, hana: User, wrong: str):
        with pytest.raises(WrongCredentials):
            accounts.log_in("hana", wrong, ADDRESS)
        event = last("login:")
        assert (event.action, event.subject_id) == ("login:failed", str(hana.id))
        assert (event.actor_id, event.address) == (None, ADDRESS)
        assert event.details == {"because": "password"}

    def test_refuses_an_unknown_name_without_writing_it_down(self, database, accounts: Accounts):
        fail(accounts, "my secret typed in the wrong box")
        event = last("login:failed")
        assert event.details == {"because": "unknown"}
        assert "secret" not in f"{event.actor_name}{event.subject_id}{event.details}"

    def test_refuses_everybody_in_the_same_words(
        self, accounts: Accounts, hana: User, olga: User, by: Actor, password: str
    ):
        fail(accounts, "hana", 3)
        accounts.disable(olga.id, by)
        answers = set()
        tries = (("hana", password), ("olga", password), ("nobody", password), ("adam", "wrong"))
        for username, typed in tries:
            with pytest.raises(WrongCredentials) as refused:
                accounts.log_in(username, typed, ADDRESS)
            answers.add((refused.value.sentence, refused.value.advice))
        assert len(answers) == 1

    def test_hashes_once_for_a_name_that_does_not_exist_too(
        self, database: Database, password: str, monkeypatch: pytest.MonkeyPatch
    ):
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        accounts = Accounts(login_failures=1000, hasher=hasher)
        users.add("hana", "Hana", Role.CLINICIAN, hasher.hash(password), None)
        verified: list[str] = []
        verify = PasswordHasher.verify
        monkeypatch.setattr(
            PasswordHasher,
            "verify",
            lambda self, hashed, typed: verified.append(hashed) or verify(self, hashed, typed),
        )
        fail(accounts, "hana")
        fail(accounts, "nobody")
        # The same work for both, so that the time an answer takes tells nothing.
        assert len(verified) == 2
        assert {hashed.split("$")[3] for hashed in verified} == {"m=8,t=1,p=1"}

    def test_renews_a_hash_of_older_parameters(self, accounts: Accounts, database, password: str):
        older = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash(password)
        hana = users.add("hana", "Hana", Role.CLINICIAN, older, None)
        accounts.log_in("hana", password, ADDRESS)
        renewed = users.get(hana.id).password_hash
        assert renewed.startswith("$argon2id$v=19$m=8,t=1,p=1$")
        assert accounts.log_in("hana", password, ADDRESS).password_hash == renewed

    def test_takes_the_password_whose_hash_was_renewed_beside(
        self, accounts: Accounts, hana: User, password: str, cheap_hasher
    ):
        class Renewing(PasswordHasher):
            """Verifies, while another log-in writes a new hash of the same password."""

            def verify(self, hash, password):  # noqa: A002
                users.keep(users.get(hana.id), password_hash=cheap_hasher.hash(password))
                return super().verify(hash, password)

        hasher = Renewing(time_cost=1, memory_cost=8, parallelism=1)
        assert Accounts(hasher=hasher).log_in("hana", password, ADDRESS) == hana

    def test_refuses_the_password_that_was_reset_beside(
        self, accounts: Accounts, hana: User, by: Actor, password: str
    ):
        class Resetting(PasswordHasher):
            """Verifies, while an administrator resets the password."""

            def verify(self, hash, password):  # noqa: A002
                matches = super().verify(hash, password)
                accounts.reset_password(hana.id, by)
                return matches

        hasher = Resetting(time_cost=1, memory_cost=8, parallelism=1)
        fail(Accounts(hasher=hasher), "hana")
        with pytest.raises(WrongCredentials):
            Accounts(hasher=hasher).log_in("hana", password, ADDRESS)

    def test_refuses_a_damaged_hash(self, accounts: Accounts, database: Database):
        users.add("hana", "Hana", Role.CLINICIAN, "no hash at all", None)
        fail(accounts, "hana")

    def test_uses_argon2id_at_full_strength_unless_told_otherwise(self):
        parameters = HASHER.hash("x").split("$")[1:4]
        assert parameters == ["argon2id", "v=19", "m=19456,t=2,p=1"]


class TestFailures:
    def test_lock_the_account_for_a_while(
        self, accounts: Accounts, hana: User, password: str, later
    ):
        fail(accounts, "hana", 3)
        assert last("login:locked").subject_id == str(hana.id)
        with pytest.raises(WrongCredentials):
            accounts.log_in("hana", password, ADDRESS)
        assert last("login:failed").details == {"because": "locked"}
        later(14.9)
        with pytest.raises(WrongCredentials):
            accounts.log_in("hana", password, ADDRESS)
        later(0.2)
        assert accounts.log_in("hana", password, ADDRESS).locked_until is None

    def test_while_locked_do_not_lock_for_longer(self, accounts, hana, password, later):
        fail(accounts, "hana", 3)
        later(10)
        fail(accounts, "hana", 5)
        later(5.1)
        accounts.log_in("hana", password, ADDRESS)

    def test_are_forgiven_by_a_good_one(self, accounts: Accounts, hana: User, password: str):
        for _ in range(3):
            fail(accounts, "hana", 2)
            assert accounts.log_in("hana", password, ADDRESS).failures == 0

    def test_do_not_lock_for_a_year_when_the_clock_is_put_back(
        self, accounts, hana, password, later
    ):
        fail(accounts, "hana", 3)
        later(minutes=-365 * 24 * 60)
        assert accounts.log_in("hana", password, ADDRESS).locked_until is None

    def test_are_counted_afresh_after_a_lock(self, accounts, hana, password, later):
        fail(accounts, "hana", 3)
        later(16)
        fail(accounts, "hana", 2)
        accounts.log_in("hana", password, ADDRESS)

    def test_are_not_forgotten_by_a_restart(self, accounts, hana, cheap_hasher, password: str):
        fail(accounts, "hana", 2)
        restarted = Accounts(login_failures=3, lock_minutes=15, hasher=cheap_hasher)
        fail(restarted, "hana")
        with pytest.raises(WrongCredentials):
            restarted.log_in("hana", password, ADDRESS)

    def test_of_many_at_once_are_all_counted(self, accounts: Accounts, hana: User):
        patient_accounts = Accounts(login_failures=100, hasher=accounts._hasher)

        def guess() -> None:
            fail(patient_accounts, "hana", 5)
            records.close()

        threads = [Thread(target=guess) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert users.get(hana.id).failures == 20

    def test_of_one_do_not_lock_another(self, accounts, hana, olga, password: str):
        fail(accounts, "hana", 3)
        accounts.log_in("olga", password, ADDRESS)
