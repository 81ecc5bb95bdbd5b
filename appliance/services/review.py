"""Submitting a reading and signing a report: what is asked for, what is checked, what is bound.

The rules that must hold whatever a page does stand in the records; this decides who reads a second
time, asks for the password once more, prints the version and binds the signature to the record.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from secrets import SystemRandom
from uuid import UUID

from appliance.clock import now
from appliance.errors import Conflict, Forbidden
from appliance.exchange.case import SignatureEntry, VersionEntry
from appliance.exchange.wording import percent
from appliance.records import conclusions, fields, overview, readings, report_versions, users
from appliance.records.database import transaction
from appliance.records.index import WAITING
from appliance.records.pictures import PictureStore
from appliance.records.review_tables import Reading, ReportVersion
from appliance.records.standing import Progress, progress
from appliance.records.tables import Examination
from appliance.review_vocabulary import ReadingKind, ReadingState
from appliance.services import signed_record
from appliance.services.accounts import Accounts
from appliance.services.reporting import Reporting
from appliance.services.signed_record import Draft
from appliance.services.verified import verified_tally
from appliance.vocabulary import Actor, Suggestion, how_many

AT_RANDOM = "Drawn at random."


@dataclass(frozen=True)
class Policy:
    """What a laboratory decides about second readings and signatures."""

    second_share: float
    """Of submissions that are read a second time, drawn at random."""
    second_difference: float
    """Between the blast fractions of reader and model; beyond it a second reading is asked for."""
    sign_own_submission: bool
    """Whether a person may sign what they submitted themselves."""


@dataclass(frozen=True)
class Review:
    """Submits readings and signs reports."""

    policy: Policy
    accounts: Accounts
    pictures: PictureStore
    reporting: Reporting
    draw: Callable[[], float] = SystemRandom().random
    """Gives a number from 0 up to 1 that nobody can foresee."""

    def submit(self, reading_id: UUID, by: Actor) -> Examination:
        """End a reading; of a first one, decide whether somebody reads a second time, blind.

        Raises:
            NotFound: no such reading.
            Forbidden: it is somebody else's.
            Conflict: it is not open, or something is left to do; the sentence says what.
        """
        reading = readings.get(reading_id)
        because = ""
        if reading.kind == ReadingKind.FIRST:
            because = self._second_because(reading.__data__["examination"])
        return readings.submit(reading_id, by, second_because=because)

    def draft(self, examination_id: UUID) -> Draft:
        """Gather what a signature given now would bind to, with the words it is printed in.

        Raises:
            NotFound: no such examination.
            Conflict: it is not submitted, or signed and not being amended, or closed.
        """
        return signed_record.draft(
            examination_id,
            decision_limit=self.reporting.decision_limit,
            template=self.reporting.template,
        )

    def obstacles(self, examination_id: UUID, by: Actor) -> list[str]:
        """Say what keeps this person from signing the examination now; empty where nothing does.

        For the page: the records refuse the same in their own words.
        """
        reached, conclusion = progress(examination_id), conclusions.of(examination_id)
        states = fields.progress(examination_id)
        waiting = sum(states[state] for state in WAITING)
        rows = readings.of_examination(examination_id)
        found = [
            *_left(waiting, "image is still being analysed", "images are still being analysed"),
            *_left(
                reached.counted - reached.verified, "cell is unverified", "cells are unverified"
            ),
            *_left(
                reached.counted - reached.displayed,
                "cell was never on a reader's screen",
                "cells were never on a reader's screen",
            ),
        ]
        if conclusion is None:
            found.append("There is no conclusion yet.")
        found += [
            _PENDING[ReadingKind(row.kind)]
            for row in rows
            if row.kind in _PENDING and row.state in readings.PENDING
        ]
        if self._is_own(rows, by):
            found.append("You submitted this examination yourself: somebody else must sign it.")
        return found

    def sign(
        self, examination_id: UUID, revision: int, seen_sha256: str, password: str, by: Actor
    ) -> ReportVersion:
        """Sign the record that the person saw, and keep the report printed from it.

        Args:
            examination_id: submitted, or signed and being amended.
            revision: of the examination as the person saw it.
            seen_sha256: of the record as the person saw it.
            password: the signer's own, asked for again.
            by: the signer.

        Raises:
            NotFound: no such examination.
            Conflict: the record is not what the person saw, or the rules do not allow a signature.
            InvalidInput: the password is wrong; it counts as a failed log-in.
            WrongCredentials: too many wrong ones have locked the account.
            DiskFull: the report cannot be kept.
        """
        if by.user_id is None:
            raise Forbidden("Only a person can sign.", advice="Sign in first.")
        draft = self.draft(examination_id)
        _require_seen(draft, seen_sha256)
        obstacles = self.obstacles(examination_id, by)
        if obstacles:
            raise Conflict(" ".join(obstacles), advice="See to it, then sign.")
        self.accounts.confirm(users.get(by.user_id), password, by.address)
        # Printed before the transaction: it takes seconds, in which others must be able to write.
        at = now()
        pdf = self.reporting.version_pdf(examination_id, _version(draft, at, by), by)
        pdf_sha256 = self.pictures.keep(pdf)
        with transaction():
            _require_seen(self.draft(examination_id), seen_sha256)
            return report_versions.sign(
                examination_id,
                revision,
                dict(draft.content),
                draft.sha256,
                pdf_sha256,
                draft.next.meaning,
                by,
                own_submission_allowed=self.policy.sign_own_submission,
                at=at,
            )

    def _second_because(self, examination_id: UUID) -> str:
        """Say why a second reading is to be asked for; empty where none is.

        Of one examination it is asked for once: to be sent back and submitted again does not
        draw again, nor undo what a person waived. What is new or changed then, `readings.submit`
        compares with the second reading.
        """
        if any(row.kind == ReadingKind.SECOND for row in readings.of_examination(examination_id)):
            return ""
        difference = self._difference(progress(examination_id), overview.tally_of(examination_id))
        return difference or (AT_RANDOM if self.draw() < self.policy.second_share else "")

    def _difference(self, reached: Progress, suggested: dict[Suggestion, int]) -> str:
        decided = suggested[Suggestion.BLAST] + suggested[Suggestion.NORMAL]
        if not decided:
            return ""
        of_model = suggested[Suggestion.BLAST] / decided
        of_reader = verified_tally(reached).blast_fraction
        # A reader who calls nothing a leukocyte differs as one who sees no blast does.
        if abs((of_reader or 0.0) - of_model) <= self.policy.second_difference:
            return ""
        of_reader_words = "no decided cell" if of_reader is None else f"{percent(of_reader)} blasts"
        return f"The reader has {of_reader_words}, the model suggests {percent(of_model)}."

    def _is_own(self, rows: list[Reading], by: Actor) -> bool:
        if self.policy.sign_own_submission:
            return False
        return any(
            row.kind == ReadingKind.FIRST
            and row.state == ReadingState.SUBMITTED
            and row.__data__["reader"] == by.user_id
            for row in rows
        )


_PENDING = {
    ReadingKind.SECOND: "The second reading is not done yet.",
    ReadingKind.ADJUDICATION: "The adjudication is not done yet.",
}


def _left(count: int, one: str, many: str) -> list[str]:
    return [f"{how_many(count, one, many)}."] if count else []


def _require_seen(draft: Draft, seen_sha256: str) -> None:
    if draft.sha256 != seen_sha256:
        raise Conflict(
            "The record has changed since this page was shown, so nothing was signed.",
            advice="Look at what is shown now, then sign again.",
        )


def _version(draft: Draft, at: datetime, by: Actor) -> VersionEntry:
    meaning = str(draft.next.meaning)
    return VersionEntry(
        number=draft.next.number,
        status=str(draft.next.status),
        sha256=draft.sha256,
        reason=draft.reason,
        signatures=(SignatureEntry(name=by.name, role=by.role, at=at, meaning=meaning),),
    )
