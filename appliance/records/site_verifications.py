"""Site heads on their way: asked for, fitted, tried in the shadow, switched on, and back.

At most one is in use and one in the shadow. A row in use without a head of its own says that the
network's own head was found good enough here.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from appliance.clock import now
from appliance.errors import Conflict
from appliance.records.cells import cells_of
from appliance.records.database import transaction
from appliance.records.entries import reason_of
from appliance.records.review_tables import CellShadow, SiteVerification
from appliance.records.revisions import fetch, insert, update
from appliance.review_vocabulary import VerificationState as State
from appliance.vocabulary import APPLIANCE, Actor, Verdict

MAX_ATTEMPTS = 5
"""After so many fits that broke off with the worker, the wish is given up."""
_OTHER = "Another step was taken on it in the meantime: look at the page as it is now."
_AT_ONCE = 500


def get(verification_id: UUID) -> SiteVerification:
    """Return one.

    Raises:
        NotFound: no such row.
    """
    return fetch(SiteVerification, verification_id)


def latest(limit: int = 20) -> list[SiteVerification]:
    """Return the last ones, newest first."""
    order = (SiteVerification.created_at.desc(), SiteVerification.id.desc())
    return list(SiteVerification.select().order_by(*order).limit(limit))


def wanted() -> SiteVerification | None:
    """Return what the worker is to fit, if anything."""
    return _in_state(State.WANTED)


def in_use() -> SiteVerification | None:
    """Return what is switched on, if anything."""
    return _in_state(State.ACTIVE)


def in_shadow() -> SiteVerification | None:
    """Return what is tried beside it, if anything."""
    return _in_state(State.SHADOW)


def untried() -> bool:
    """Say whether the newest of all was fitted and not tried yet."""
    newest = latest(1)
    return bool(newest) and newest[0].state == State.FITTED


def switches() -> frozenset[tuple[UUID, str]]:
    """Name what is in use and in the shadow: differs after every switch; cheap to ask for."""
    found: Any = SiteVerification.select(SiteVerification.id, SiteVerification.state).where(
        SiteVerification.state.in_((State.ACTIVE, State.SHADOW))
    )
    return frozenset(found.tuples())


def want(model_sha256: str, by: Actor) -> SiteVerification:
    """Ask for a site head on a network.

    Raises:
        Conflict: one is being fitted already.
    """
    with transaction():
        if wanted() is not None:
            raise Conflict("A site head is being fitted already.", advice="Wait until it is done.")
        row = SiteVerification(model_sha256=model_sha256, requested_by=by.user_id)
        insert(row, "site:fit", by=by, details={"model": model_sha256})
    return row


def begin(verification_id: UUID) -> bool:
    """Note that the worker begins to fit; give up what broke off with it too often.

    Returns:
        Whether to go on.
    """
    with transaction():
        row = fetch(SiteVerification, verification_id)
        begun = (row.figures or {}).get("begun", 0) + 1
        if begun > MAX_ATTEMPTS:
            refuse(verification_id, f"The fit broke off {begun - 1} times with the worker.")
            return False
        update(row, {"figures": {"begun": begun}}, "site:begun", by=APPLIANCE)
    return True


def fitted(
    verification_id: UUID, head_sha256: str, cells: Mapping[str, int], figures: Mapping[str, Any]
) -> None:
    """Write that a head was fitted, and what it is worth."""
    found = {
        "state": State.FITTED,
        "head_sha256": head_sha256,
        "cells": dict(cells),
        "figures": dict(figures),
    }
    _by_worker(verification_id, found, "site:fitted", {"head": head_sha256})


def refuse(verification_id: UUID, sentence: str) -> None:
    """Write why no head could be fitted."""
    found = {"state": State.REFUSED, "sentence": sentence, "figures": None}
    _by_worker(verification_id, found, "site:refused", {})


def try_in_shadow(verification_id: UUID, revision: int, by: Actor) -> SiteVerification:
    """Have a head computed beside the one in use from now on; an earlier trial ends.

    Raises:
        NotFound, Conflict: no such row, not as the person saw it, or neither fitted nor retired.
    """
    with transaction():
        row = _seen(verification_id, revision, {State.FITTED, State.RETIRED})
        _require_head(row)
        _retire(in_shadow(), by, "Another head is tried")
        update(row, {"state": State.SHADOW}, "site:shadow", by=by, details=_named(row))
    return row


def end_trial(verification_id: UUID, revision: int, by: Actor) -> SiteVerification:
    """Stop computing a head beside the one in use; what it said is kept.

    Raises:
        NotFound, Conflict: no such row, or it is not on trial as the person saw it.
    """
    with transaction():
        row = _seen(verification_id, revision, {State.SHADOW})
        _retire(row, by, "The trial was ended")
    return row


def switch_on(verification_id: UUID, revision: int, reason: str, by: Actor) -> SiteVerification:
    """Use a head that was tried for all coming fields; the one before is kept, retired.

    Raises:
        InvalidInput: no reason is given.
        NotFound, Conflict: no such row, not as the person saw it, or it was never tried.
    """
    reason = reason_of(reason, required=True)
    with transaction():
        row = _seen(verification_id, revision, {State.SHADOW, State.RETIRED})
        _require_tried(row)
        _retire(in_use(), by, reason)
        _switched(row, State.ACTIVE, by, reason)
    return row


def accept_network(verification_id: UUID, revision: int, reason: str, by: Actor) -> None:
    """State that the network's own head is verified here, on the figures of a fit.

    Args:
        verification_id: the fit whose figures the person looked at.
        revision: as they saw it.
        reason: why they suffice.
        by: who answers for it.

    Raises:
        InvalidInput: no reason is given.
        NotFound, Conflict: no such row, not as the person saw it, or it has no figures.
    """
    reason = reason_of(reason, required=True)
    measured = {State.FITTED, State.SHADOW, State.ACTIVE, State.RETIRED}
    with transaction():
        row = _seen(verification_id, revision, measured)
        _retire(in_use(), by, reason)
        own = SiteVerification(
            state=State.ACTIVE,
            model_sha256=row.model_sha256,
            cells=row.cells,
            figures={"network": (row.figures or {}).get("network"), "measured_by": str(row.id)},
            requested_by=by.user_id,
            switched_by=by.user_id,
            switched_at=now(),
            switch_reason=reason,
        )
        insert(own, "site:switch", by=by, reason=reason, details={"model": row.model_sha256})


def switch_off(verification_id: UUID, revision: int, reason: str, by: Actor) -> SiteVerification:
    """Go back to the network's own head, not verified here.

    Raises:
        InvalidInput: no reason is given.
        NotFound, Conflict: no such row, or it is not in use as the person saw it.
    """
    reason = reason_of(reason, required=True)
    with transaction():
        row = _seen(verification_id, revision, {State.ACTIVE})
        _retire(row, by, reason)
    return row


def keep_shadows(verification_id: UUID, field_id: UUID, verdicts: Sequence[Verdict]) -> None:
    """Write what a head on trial says of the cells of a field, in the order of their numbers.

    Within the transaction that writes the cells. A trial that has ended takes no more.

    Raises:
        ValueError: there are not as many verdicts as cells.
    """
    if get(verification_id).state != State.SHADOW:
        return
    rows = [
        CellShadow(
            verification=verification_id,
            cell=cell.id,
            suggestion=verdict.suggestion,
            blast_probability=float(verdict.blast_probability),
        )
        for cell, verdict in zip(cells_of(field_id), verdicts, strict=True)
    ]
    CellShadow.bulk_create(rows, batch_size=_AT_ONCE)


def shadowed(verification_id: UUID) -> int:
    """Count the cells that a head on trial was asked about, verified or not."""
    return int(CellShadow.select().where(CellShadow.verification == verification_id).count())


def _in_state(state: State) -> SiteVerification | None:
    found = SiteVerification.select().where(SiteVerification.state == state)
    row: SiteVerification | None = found.order_by(SiteVerification.created_at).first()
    return row


def _seen(verification_id: UUID, revision: int, states: set[State]) -> SiteVerification:
    row = fetch(SiteVerification, verification_id, revision)
    if row.state not in states:
        raise Conflict(_OTHER)
    return row


def _require_head(row: SiteVerification) -> None:
    if not row.head_sha256:
        raise Conflict("The network's own head is tried all the time: it needs no shadow.")


def _require_tried(row: SiteVerification) -> None:
    """Refuse a head that no coming cell was computed with; the network's own needs no trial."""
    if row.head_sha256 and row.switched_at is None and not shadowed(row.id):
        raise Conflict(
            "No coming cell was computed with this head yet.",
            advice="Let it run in the shadow until the next examination is read.",
        )


def _retire(row: SiteVerification | None, by: Actor, reason: str) -> None:
    if row is None:
        return
    if row.state == State.ACTIVE:
        _switched(row, State.RETIRED, by, reason)
    else:
        update(row, {"state": State.RETIRED}, "site:shadow", by=by, details=_named(row))


def _switched(row: SiteVerification, state: State, by: Actor, reason: str) -> None:
    values = {
        "state": state,
        "switched_by": by.user_id,
        "switched_at": now(),
        "switch_reason": reason,
    }
    details = {**_named(row), "state": state}
    update(row, values, "site:switch", by=by, reason=reason, details=details)


def _by_worker(
    verification_id: UUID, found: Mapping[str, Any], action: str, details: dict[str, Any]
) -> None:
    with transaction():
        row = fetch(SiteVerification, verification_id)
        if row.state == State.WANTED:
            update(row, found, action, by=APPLIANCE, details=details)


def _named(row: SiteVerification) -> dict[str, Any]:
    return {"head": row.head_sha256 or "network"}
