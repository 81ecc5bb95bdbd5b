"""Who reads a second time, and what signing asks for, refuses and binds."""

import hashlib
import json
from dataclasses import replace

import pytest

from appliance.errors import Conflict, Forbidden, InvalidInput, WrongCredentials
from appliance.records import (
    audit,
    conclusions,
    examinations,
    patients,
    readings,
    report_versions,
    states,
    users,
)
from appliance.records.database import proxy
from appliance.review_vocabulary import CellLabel, Finding, ReadingKind, SignatureMeaning
from appliance.services.reporting import Reporting
from appliance.services.review import AT_RANDOM, Policy
from appliance.services.verified import suggested_finding
from appliance.vocabulary import APPLIANCE, Tally
from tests.cases import BLAST, NORMAL, cells_of, conclude, imaged, read, sign, signed, submitted

NEVER, ALWAYS = (lambda: 0.999), (lambda: 0.0)


@pytest.fixture
def database(appliance):
    return proxy.obj


@pytest.fixture
def submit(appliance, olga):
    """Reads an examination and submits it; returns why a second reading is wanted, if it is."""

    def reads(labels=(), *, draw=NEVER, share=0.05, probabilities=(0.9, 0.9, 0.1, 0.1)):
        examination = imaged(appliance, olga, probabilities)
        policy = Policy(second_share=share, second_difference=0.15, sign_own_submission=False)
        service = replace(appliance.review, policy=policy, draw=draw)
        service.submit(read(examination.id, olga, labels).id, users.actor_of(olga))
        found = [row.reading.asked_because for row in readings.wanted()]
        assert examinations.get(examination.id).status == "preliminary"
        return found

    return reads


@pytest.fixture
def ready(appliance, olga, hana):
    """Submitted by Olga, concluded by Hana."""
    examination = submitted(appliance, olga)
    conclude(examination.id, hana)
    return examination


def test_a_share_of_submissions_is_drawn(submit):
    assert submit(draw=lambda: 0.05) == []
    assert submit(draw=lambda: 0.049) == [AT_RANDOM]


def test_a_share_of_nought_draws_none_and_a_share_of_one_all(submit):
    assert submit(draw=ALWAYS, share=0.0) == []
    assert submit(draw=NEVER, share=1.0) == [AT_RANDOM]


def test_a_reader_far_from_the_model_is_read_again(submit):
    assert submit([BLAST, NORMAL, NORMAL, NORMAL], draw=ALWAYS) == [
        "The reader has 25.0 % blasts, the model suggests 50.0 %."
    ]


def test_a_reader_near_the_model_is_not(submit):
    near = [0.9] * 5 + [0.1] * 5
    assert submit([BLAST] * 4 + [NORMAL] * 6, probabilities=near) == []


def test_a_reader_who_finds_no_leukocyte_differs_from_a_model_that_does(submit):
    assert submit([CellLabel.OTHER] * 4) == [
        "The reader has no decided cell, the model suggests 50.0 %."
    ]


def test_where_the_model_decides_nothing_there_is_no_difference(submit):
    assert submit([BLAST, BLAST], probabilities=(0.5, 0.5)) == []


def test_submitting_again_neither_draws_again_nor_undoes_a_waiver(appliance, olga, hana):
    drawn = replace(appliance.review, draw=ALWAYS)
    examination = imaged(appliance, olga, [0.9, 0.1])
    reading = read(examination.id, olga)
    drawn.submit(reading.id, users.actor_of(olga))
    (asked,) = readings.wanted()
    readings.waive(asked.reading.id, "Seen by the whole team", users.actor_of(hana))
    row = examinations.get(examination.id)
    states.send_back(row.id, row.revision, "Image 1 is upside down", users.actor_of(hana))
    drawn.submit(reading.id, users.actor_of(olga))
    assert readings.wanted() == []


def test_a_signature_binds_name_time_meaning_and_record(appliance, ready, hana, password):
    version = sign(appliance, ready.id, hana, password)
    assert (version.number, version.status) == (1, "final")
    (signature,) = version.signatures
    assert (signature.signer_name, signature.signer_role) == ("Hana Sato", "clinician")
    assert signature.meaning == SignatureMeaning.APPROVED
    assert signature.record_sha256 == version.sha256
    assert report_versions.is_whole(report_versions.get(version.id))
    assert appliance.pictures.read(version.pdf_sha256).startswith(b"%PDF")
    assert examinations.get(ready.id).status == "final"


def test_the_record_holds_what_the_report_rests_on(appliance, ready, olga):
    content = appliance.review.draft(ready.id).content
    assert content["patient"]["medical_record_number"] == "4711"
    assert content["examination"]["specimen"] == "peripheral-blood"
    (image,) = content["images"]
    assert image["model"]["id"] == "all-test"
    assert image["quality"][0]["name"] == "focus"
    assert len(image["sha256"]) == 64
    assert [cell["label"] for cell in image["cells"]] == ["blast"] * 2 + ["normal"] * 3
    assert {cell["called_by"] for cell in image["cells"]} == {"Olga Tamm"}
    assert image["cells"][0]["blast_probability"] == 0.9
    assert content["counts"]["blast_fraction"] == 0.4
    assert content["conclusion"]["finding"] == Finding.BLASTS_AT_LIMIT
    assert [reading["reader"] for reading in content["readings"]] == ["Olga Tamm"]


def test_the_same_record_has_the_same_hash_and_any_change_another(appliance, ready, olga, hana):
    first = appliance.review.draft(ready.id)
    assert appliance.review.draft(ready.id).sha256 == first.sha256
    conclude(ready.id, hana, text="Seen again.")
    second = appliance.review.draft(ready.id)
    patient = patients.by_number("4711")
    patients.change(patient.id, {"given_name": "Adaeze"}, patient.revision, users.actor_of(olga))
    third = appliance.review.draft(ready.id)
    assert len({first.sha256, second.sha256, third.sha256}) == 3


def worded(appliance, *, decision_limit=0.2, foot=""):
    """The same appliance after somebody changed a setting or the wording of the report."""
    template = appliance.reporting.template
    template = replace(template, wording={**template.wording, "foot": foot})
    reporting = replace(appliance.reporting, template=template, decision_limit=decision_limit)
    return replace(appliance, review=replace(appliance.review, reporting=reporting))


def test_the_record_holds_the_limit_and_the_words_that_are_printed(appliance, ready):
    content = worded(appliance, foot="Ask for Dr Ruiz.").review.draft(ready.id).content
    printed = content["printed"]
    assert content["format"] == "scopeside-signed-record-2"
    assert printed["decision_limit"] == 0.2
    assert printed["wording"]["foot"] == "Ask for Dr Ruiz."
    assert printed["findings"]["no-blasts"] == "No blasts found among the cells read"
    assert "signatures" in printed["parts"]
    drafts = [
        each.review.draft(ready.id).sha256
        for each in (
            appliance, worded(appliance, decision_limit=0.25), worded(appliance, foot="Ask us."),
        )
    ]  # fmt: skip
    assert len({*drafts}) == 3


def test_nothing_is_signed_in_other_words_than_were_shown(appliance, ready, hana, password):
    seen = appliance.review.draft(ready.id).sha256
    for other in (worded(appliance, decision_limit=0.25), worded(appliance, foot="Ask us.")):
        with pytest.raises(Conflict, match="has changed since this page was shown"):
            other.review.sign(ready.id, ready.revision, seen, password, users.actor_of(hana))
    version = sign(worded(appliance, foot="Ask us."), ready.id, hana, password)
    assert version.content["printed"]["wording"]["foot"] == "Ask us."


def test_a_record_of_the_form_before_is_still_whole(appliance, ready, hana, password):
    draft = appliance.review.draft(ready.id)
    old = {name: value for name, value in draft.content.items() if name != "printed"}
    old["format"] = "scopeside-signed-record-1"
    version = report_versions.sign(
        *(ready.id, examinations.get(ready.id).revision, old, report_versions.digest(old), ""),
        *(SignatureMeaning.APPROVED, users.actor_of(hana)),
        own_submission_allowed=False,
    )
    assert report_versions.is_whole(version)
    by = users.actor_of(hana)
    report_versions.begin_amendment(ready.id, "amended", "Immunophenotype is in.", by)
    newer = sign(appliance, ready.id, hana, password)
    assert newer.content["version"]["replaces"] == version.sha256
    assert all(report_versions.is_whole(row) for row in report_versions.versions_of(ready.id))


def test_a_record_that_changed_since_it_was_shown_is_not_signed(appliance, ready, hana, password):
    seen = appliance.review.draft(ready.id).sha256
    conclude(ready.id, hana, text="Seen again.")
    with pytest.raises(Conflict, match="has changed since this page was shown"):
        appliance.review.sign(ready.id, ready.revision, seen, password, users.actor_of(hana))
    assert examinations.get(ready.id).status == "preliminary"
    assert report_versions.versions_of(ready.id) == []


def test_a_wrong_password_counts_and_locks(appliance, ready, hana, password):
    for _ in range(3):
        with pytest.raises(InvalidInput, match="not your password"):
            sign(appliance, ready.id, hana, "wrong")
    with pytest.raises(WrongCredentials, match="locked"):
        sign(appliance, ready.id, hana, password)
    with pytest.raises(WrongCredentials):
        appliance.accounts.log_in("hana", password, "")
    actions = [(e.action, e.details.get("because")) for e in audit.recent(6)]
    assert actions.count(("login:failed", "password")) == 3
    assert ("login:locked", None) in actions
    assert report_versions.versions_of(ready.id) == []


def test_a_good_password_forgives_the_failures_before(appliance, ready, hana, password):
    with pytest.raises(InvalidInput):
        sign(appliance, ready.id, hana, "wrong")
    sign(appliance, ready.id, hana, password)
    assert users.get(hana.id).failures == 0


def test_who_submitted_does_not_sign(appliance, hana, password):
    examination = submitted(appliance, hana)
    conclude(examination.id, hana)
    with pytest.raises(Conflict, match="submitted this examination yourself"):
        sign(appliance, examination.id, hana, password)


def test_a_laboratory_may_let_people_sign_their_own(appliance, hana, password):
    policy = replace(appliance.review.policy, sign_own_submission=True)
    alone = replace(appliance, review=replace(appliance.review, policy=policy))
    examination = submitted(alone, hana)
    conclude(examination.id, hana)
    (signature,) = sign(alone, examination.id, hana, password).signatures
    assert signature.own_submission_allowed


def test_nobody_signs_without_a_conclusion(appliance, olga, hana, password):
    examination = submitted(appliance, olga)
    with pytest.raises(Conflict, match="There is no conclusion yet"):
        sign(appliance, examination.id, hana, password)


def test_nobody_signs_before_the_second_reading(appliance, ready, olga, hana, password):
    readings.ask(ready.id, ReadingKind.SECOND, "Rare form", users.actor_of(hana))
    with pytest.raises(Conflict, match="second reading is not done"):
        sign(appliance, ready.id, hana, password)


def test_the_appliance_itself_signs_nothing(appliance, ready, password):
    seen = appliance.review.draft(ready.id).sha256
    with pytest.raises(Forbidden, match="Only a person"):
        appliance.review.sign(ready.id, ready.revision, seen, password, APPLIANCE)


def test_an_amendment_makes_the_next_version(appliance, olga, hana, password):
    examination = signed(appliance, olga, hana, password)
    by = users.actor_of(hana)
    report_versions.begin_amendment(examination.id, "corrected", "Wrong finding chosen", by)
    conclude(examination.id, hana, text="Put right.")
    version = sign(appliance, examination.id, hana, password)
    assert (version.number, version.status, version.reason) == (
        2,
        "corrected",
        "Wrong finding chosen",
    )
    first = report_versions.versions_of(examination.id)[1]
    assert version.content["version"]["replaces"] == first.sha256
    assert conclusions.of(examination.id).text == "Put right."


def test_an_obstacle_is_said_with_its_number(appliance, olga, hana):
    examination = imaged(appliance, olga, [0.9, 0.1])
    assert appliance.review.obstacles(examination.id, users.actor_of(hana)) == [
        "2 cells are unverified.",
        "2 cells were never on a reader's screen.",
        "There is no conclusion yet.",
    ]
    read(examination.id, olga)
    assert len(cells_of(examination.id)) == 2
    assert appliance.review.obstacles(examination.id, users.actor_of(hana)) == [
        "There is no conclusion yet."
    ]


@pytest.mark.parametrize(
    ("tally", "finding"),
    [
        (Tally(0, 0, 3, None), Finding.NOT_ASSESSABLE),
        (Tally(0, 100, 0, (0.0, 0.036)), Finding.NO_BLASTS),
        (Tally(3, 97, 0, (0.006, 0.085)), Finding.BLASTS_BELOW_LIMIT),
        (Tally(22, 78, 0, (0.143, 0.314)), Finding.NOT_CONCLUSIVE),
        (Tally(60, 40, 0, (0.497, 0.697)), Finding.BLASTS_AT_LIMIT),
    ],
)
def test_the_counts_suggest_a_finding(tally, finding):
    assert suggested_finding(tally, 0.2) == finding


def test_a_change_while_the_report_is_printed_is_noticed(appliance, ready, hana, password):
    class Interrupted(Reporting):
        """Prints the report, while somebody writes the conclusion anew."""

        def version_pdf(self, *given, **named):
            conclude(ready.id, hana, text="Meanwhile.")
            return super().version_pdf(*given, **named)

    review = replace(appliance.review, reporting=Interrupted(**vars(appliance.reporting)))
    with pytest.raises(Conflict, match="has changed since this page was shown"):
        sign(replace(appliance, review=review), ready.id, hana, password)
    assert examinations.get(ready.id).status == "preliminary"
    assert report_versions.versions_of(ready.id) == []


def test_what_is_signed_can_be_checked_with_any_json_library(appliance, ready, hana, password):
    version = sign(appliance, ready.id, hana, password)
    text = json.dumps(
        version.content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    assert hashlib.sha256(text.encode()).hexdigest() == version.sha256
