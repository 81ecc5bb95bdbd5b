"""The conclusion: suggested by the counts, chosen by a person, and told where it is critical."""

import re

import pytest

from appliance.records import conclusions
from tests.cases import conclude, imaged, sign, submitted


@pytest.fixture
def examination(app, appliance, olga):
    """Read as 22 blasts among 48 cells, and submitted."""
    return submitted(appliance, olga, [0.9] * 22 + [0.1] * 26)


@pytest.fixture
def browser(as_user):
    return as_user("hana")


def address(examination, part="conclude"):
    return f"/examinations/{examination.id}/{part}"


def write(browser, examination, **fields):
    data = {"revision": 0, "finding": "blasts-at-or-above-limit", "text": "Seen.", **fields}
    return browser.post(address(examination), data=data)


def test_the_sentence_stands_first_and_the_counts_suggest(browser, examination):
    page = browser.get(address(examination)).text.replace("\xa0", " ")
    sentence = (
        "Of 48 verified leukocytes 22 are blasts: 45.8 % (exact 95 % interval 31.4 to 60.8 %)"
    )
    assert sentence in page
    assert page.index(sentence) < page.index('name="finding"')
    assert "The verified counts speak for: Blasts at or above the decision limit" in page
    assert not re.search(r'name="finding"[^>]*checked', page)


def test_a_conclusion_is_kept_and_leads_to_the_signature(browser, examination):
    answer = write(browser, examination, text="Lymphoblasts.\nSecond line.")
    assert answer.location == address(examination, "sign")
    row = conclusions.of(examination.id)
    assert (row.finding, row.critical) == ("blasts-at-or-above-limit", False)
    assert row.text == "Lymphoblasts.\nSecond line."
    page = browser.get(f"/examinations/{examination.id}").text
    assert "Blasts at or above the decision limit" in page


def test_without_a_finding_nothing_typed_is_lost(browser, examination):
    answer = write(browser, examination, finding="", text="Long thought.")
    assert answer.status_code == 422
    assert "Choose one of the list." in answer.text
    assert "Long thought." in answer.text
    assert conclusions.of(examination.id) is None


def test_a_phrase_is_added_without_script(browser, examination, appliance):
    phrase = appliance.reporting.template.phrases[2]
    answer = write(browser, examination, phrase="2")
    assert answer.status_code == 200
    assert f"Seen.\n{phrase}</textarea>" in answer.text
    assert conclusions.of(examination.id) is None
    assert write(browser, examination, phrase="99").status_code == 303


def test_what_another_wrote_meanwhile_is_shown_and_ones_own_kept(browser, examination, hana):
    conclude(examination.id, hana, text="Theirs.")
    answer = write(browser, examination, text="Mine.")
    assert answer.status_code == 409
    assert "Somebody else changed this in the meantime" in answer.text
    assert "Theirs." in answer.text
    assert ">Mine.</textarea>" in answer.text
    assert conclusions.of(examination.id).text == "Theirs."
    assert write(browser, examination, text="Mine.", revision=1).status_code == 303


def test_a_critical_result_asks_who_was_told(browser, examination, hana):
    answer = write(browser, examination, critical="yes")
    assert answer.location == address(examination, "critical")
    assert "1 critical result: nobody was told yet" in browser.get("/").text
    assert "Critical, not told" in browser.get("/?needs=telling").text
    told = browser.post(address(examination, "critical"), data={"told_to": " "})
    assert told.status_code == 422
    told = browser.post(address(examination, "critical"), data={"told_to": "Dr. Haddad, ward 3"})
    assert told.location == address(examination, "sign")
    row = conclusions.of(examination.id)
    assert (row.told_to, row.acknowledged_by.id) == ("Dr. Haddad, ward 3", hana.id)
    page = browser.get(f"/examinations/{examination.id}").text
    assert "<strong>Dr. Haddad, ward 3</strong> was told by Hana Sato" in page
    assert "nobody was told yet" not in page
    again = browser.post(address(examination, "critical"), data={"told_to": "Somebody else"})
    assert again.status_code == 409


def test_the_last_examination_stands_beside_it(browser, appliance, olga, examination):
    later = submitted(appliance, olga, accession_number="26-0777", specimen="bone-marrow")
    page = browser.get(address(later)).text.replace("\xa0", " ")
    assert examination.accession_number in page
    assert "Blood: 45.8 % blasts (31.4 to 60.8 %)" in page
    assert "Another kind of specimen" in page


def test_without_verified_cells_nothing_is_suggested(browser, appliance, olga):
    raw = imaged(appliance, olga, [0.9, 0.1])
    page = browser.get(address(raw)).text
    assert "Nothing is verified yet, so nothing is suggested." in page


def test_nobody_is_told_of_what_is_not_critical(browser, examination):
    assert "not marked as critical" in browser.get(address(examination, "critical")).text
    answer = browser.post(address(examination, "critical"), data={"told_to": "Dr. Haddad"})
    assert answer.status_code == 409


def test_after_the_signature_somebody_may_still_be_told_but_nothing_rewritten(
    browser, examination, appliance, hana, password
):
    conclude(examination.id, hana, critical=True)
    sign(appliance, examination.id, hana, password)
    page = browser.get(address(examination)).text
    assert "It takes no more changes as it stands." in page
    assert 'name="finding"' not in page
    assert write(browser, examination, revision=1).status_code == 409
    told = browser.post(address(examination, "critical"), data={"told_to": "Dr. Haddad"})
    assert told.location == f"/examinations/{examination.id}"
    assert conclusions.of(examination.id).told_to == "Dr. Haddad"
