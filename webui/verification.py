"""Leads the laboratory through verifying the model at its microscope, from cells to a switch."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from appliance.errors import Conflict, InvalidInput, ModelUnusable
from appliance.permissions import Permission
from appliance.records import site_cells, site_verifications
from appliance.records.review_tables import SiteVerification
from appliance.review_vocabulary import VerificationState as State
from appliance.services import heads, site_verification
from appliance.services.site_verification import Comparison, Need
from appliance.vocabulary import how_many
from models.card import Card
from webui import offers
from webui.access import actor, appliance, needs
from webui.forms import Entries, Form
from webui.notices import notice

pages = Blueprint("verification", __name__, url_prefix="/model")

STATES = {
    State.WANTED: ("Being fitted", "busy"),
    State.REFUSED: ("Could not be fitted", "fault"),
    State.FITTED: ("Fitted", "quiet"),
    State.SHADOW: ("In the shadow", "busy"),
    State.ACTIVE: ("In use", "ok"),
    State.RETIRED: ("Not in use", "quiet"),
}
_WHY = "Write why, in at least 10 letters: it stays in the records."
_SHORTEST = 10


@dataclass(frozen=True)
class Step:
    """One of the four steps: how far it is, in a word and in words."""

    label: str
    state: str
    """done, attention, busy or open."""
    words: str
    now: bool = False


@pages.app_context_processor
def _frame() -> dict[str, Callable[[], str]]:
    return {"model_words": model_words}


def model_words() -> str:
    """Say at the foot of every page whether the model in use is verified at this microscope."""
    verified = _standing()[0] and site_verifications.in_use() is not None
    return f"The model is {'' if verified else 'not yet '}verified at this microscope."


@pages.get("")
@needs(Permission.SYSTEM_READ)
def show() -> str:
    """Show how far the verification is, and what is next."""
    return _page(Form())


@pages.get("/live")
@needs(Permission.SYSTEM_READ)
def show_live() -> str:
    """Show the part of the page that changes while a head is fitted."""
    return render_template("verification/_live.html", form=Form(), live=True, **_state())


@pages.get("/heads/<uuid:head_id>")
@needs(Permission.SYSTEM_READ)
def show_head(head_id: UUID) -> str:
    """Show one head that was fitted, with all that was measured of it."""
    return _head_page(site_verifications.get(head_id), Form())


@pages.post("/fits")
@needs(Permission.SITE_VERIFY)
def fit() -> ResponseReturnValue:
    """Ask the worker to fit a head to the cells verified so far."""
    card = _card()
    if not _need(card).may_fit:
        raise Conflict("There are too few verified cells yet.", advice="Verify more cells first.")
    site_verifications.want(card.sha256, actor())
    notice("A site head is being fitted. You may leave the page.")
    return _back()


@pages.post("/heads/<uuid:head_id>/shadow")
@needs(Permission.SITE_VERIFY)
def try_in_shadow(head_id: UUID) -> ResponseReturnValue:
    """Have a head computed beside the one in use."""
    _require_of_this_network(site_verifications.get(head_id))
    site_verifications.try_in_shadow(head_id, _revision(), actor())
    notice("From the next image on, this head is computed beside the one in use. Nobody sees it.")
    return _back()


@pages.post("/heads/<uuid:head_id>/end-trial")
@needs(Permission.SITE_VERIFY)
def end_trial(head_id: UUID) -> ResponseReturnValue:
    """Stop computing a head beside the one in use."""
    site_verifications.end_trial(head_id, _revision(), actor())
    notice("The trial is ended; what was compared so far is kept.")
    return _back()


@pages.post("/heads/<uuid:head_id>/switch-on")
@needs(Permission.MODEL_SWITCH)
def switch_on(head_id: UUID) -> ResponseReturnValue:
    """Use a head for all coming images."""
    row = site_verifications.get(head_id)
    _require_of_this_network(row)

    def switch(reason: str) -> None:
        site_verifications.switch_on(head_id, _revision(), reason, actor())
        notice("Switched on. Images read from now on are stamped as verified at this microscope.")

    return _with_reason(row, "reason_on", switch)


@pages.post("/heads/<uuid:head_id>/switch-off")
@needs(Permission.MODEL_SWITCH)
def switch_off(head_id: UUID) -> ResponseReturnValue:
    """Go back to the network's own head, not verified here."""

    def switch(reason: str) -> None:
        site_verifications.switch_off(head_id, _revision(), reason, actor())
        notice("Switched off. Suggestions are again not verified at this microscope.")

    return _with_reason(site_verifications.get(head_id), "reason_off", switch)


@pages.post("/heads/<uuid:head_id>/accept")
@needs(Permission.MODEL_SWITCH)
def accept(head_id: UUID) -> ResponseReturnValue:
    """State that the network's own head is verified here, on the figures of a fit."""
    row = site_verifications.get(head_id)
    _require_of_this_network(row)
    if not row.head_sha256 or site_verification.objections(row.cells, row.figures):
        raise Conflict("The figures of the network's own head do not suffice.", advice="Fit anew.")

    def switch(reason: str) -> None:
        site_verifications.accept_network(head_id, _revision(), reason, actor())
        notice("The network's own head is accepted as verified at this microscope.")

    return _with_reason(row, "reason_accept", switch)


def _with_reason(
    row: SiteVerification, name: str, switch: Callable[[str], None]
) -> ResponseReturnValue:
    entries = Entries(request.form)
    reason = entries.text(name, longest=1000)
    try:
        if len(reason) < _SHORTEST:
            raise InvalidInput({name: _WHY})
        switch(reason)
    except InvalidInput as error:
        return _head_page(row, entries.refused(error)), 422
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("verification.show"), 303)


def _page(form: Form) -> str:
    return render_template("verification/show.html", form=form, **_state())


def _head_page(row: SiteVerification, form: Form) -> str:
    return render_template("verification/head.html", form=form, row=row, **_state())


def _state() -> dict[str, Any]:
    card = appliance().card
    listed = site_verifications.latest()
    passed, sentence = _standing()
    tried = site_verifications.in_shadow()
    blind = frozenset(offers.hidden())
    compared = site_verification.comparison(tried.id, without=blind) if tried else None
    need = _need(card, blind) if card else None
    candidate = next((row for row in listed if _is_candidate(row, card)), None)
    in_use = site_verifications.in_use() if passed else None
    last = listed[0] if listed else None
    return {
        "card": card,
        "model_error": appliance().model_error,
        "need": need,
        "in_use": in_use,
        "standing": sentence,
        "sound": passed,
        "last": last,
        "wanted": site_verifications.wanted(),
        "candidate": candidate,
        "comparison": compared,
        "listed": listed,
        "steps": _steps(need, last, candidate, compared, in_use),
        "states": STATES,
        "judged": site_verification,
        "last_examinations": site_cells.LAST,
        "hidden": len(blind),
        "fitted_to": _fitted_to,
    }


def _need(card: Card, without: Collection[UUID] = ()) -> Need:
    simulated = appliance().settings.simulated
    return site_verification.need(card.sha256, simulated=simulated, without=without)


def _fitted_to(row: SiteVerification) -> str:
    """Say what a head was fitted to or tried on.

    Blasts and normal cells are not told apart where an examination may be among them that this
    person is to read blind.
    """
    cells, blind = row.cells, offers.hidden()
    kinds = f"{cells['blast']} blasts and {cells['normal']} normal cells"
    if any(
        offer.examination.created_at <= row.created_at
        for offer in offers.mine()
        if offer.examination.id in blind
    ):
        kinds = how_many(cells["blast"] + cells["normal"], "cell")
    return f"{kinds} of {how_many(cells['examinations'], 'examination')}"


def _standing() -> tuple[bool, str]:
    return heads.standing(appliance().card, appliance().settings.site_heads)


def _is_candidate(row: SiteVerification, card: Card | None) -> bool:
    """Say whether this is the head whose figures are looked at: the newest that may come."""
    if card is None or row.model_sha256 != card.sha256 or not row.head_sha256:
        return False
    return row.state in {State.FITTED, State.SHADOW, State.ACTIVE}


def _steps(
    need: Need | None,
    last: SiteVerification | None,
    candidate: SiteVerification | None,
    compared: Comparison | None,
    in_use: SiteVerification | None,
) -> list[Step]:
    made = [
        _verified(need),
        _fitted(need, last, candidate),
        _tried(candidate, compared),
        _on(in_use),
    ]
    place = next((n for n, step in enumerate(made) if step.state != "done"), len(made) - 1)
    return [Step(step.label, step.state, step.words, now=n == place) for n, step in enumerate(made)]


def _verified(need: Need | None) -> Step:
    if need is None:
        return Step("Verify cells", "open", "no classifier")
    return Step("Verify cells", "done" if need.may_fit else "open", f"{need.cells} verified")


def _fitted(
    need: Need | None, last: SiteVerification | None, candidate: SiteVerification | None
) -> Step:
    if last is not None and last.state == State.WANTED:
        return Step("Fit a head", "busy", "under way")
    if last is not None and last.state == State.REFUSED:
        return Step("Fit a head", "attention", "could not be fitted")
    if candidate is None:
        ready = need is not None and need.may_fit
        return Step("Fit a head", "open", "can be done now" if ready else "after the cells")
    so_many = candidate.cells["blast"] + candidate.cells["normal"]
    return Step("Fit a head", "done", f"to {so_many} cells")


def _tried(candidate: SiteVerification | None, compared: Comparison | None) -> Step:
    if compared is not None:
        words = f"{compared.cells} cells compared"
        return Step("Try it in the shadow", "busy" if compared.missing else "done", words)
    if candidate is not None and candidate.state == State.ACTIVE:
        return Step("Try it in the shadow", "done", "tried")
    return Step("Try it in the shadow", "open", "on coming cases")


def _on(in_use: SiteVerification | None) -> Step:
    if in_use is None:
        return Step("Switch on", "open", "by an administrator")
    return Step("Switch on", "done", "verified here")


def _require_of_this_network(row: SiteVerification) -> None:
    if row.model_sha256 != _card().sha256:
        raise Conflict(
            "This head belongs to another classifier than the one in use.",
            advice="Fit a head to the classifier in use.",
        )


def _card() -> Card:
    card = appliance().card
    if card is None:
        raise ModelUnusable(appliance().model_error)
    return card


def _revision() -> int:
    return Entries(request.form).whole("revision")
