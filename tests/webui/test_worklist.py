import re
from html import unescape

import pytest

from appliance.clock import now
from appliance.records import fields, patients, report_versions, users
from appliance.records.review_tables import Conclusion
from appliance.records.revisions import insert
from appliance.review_vocabulary import Finding
from tests import cases
from tests.webui.examples import add_field, analyse, examination_of

TODAY = now().astimezone().date()


@pytest.fixture
def browser(as_user):
    return as_user("olga")


@pytest.fixture
def lab(app, appliance, olga):
    """Five examinations, each in another state; returns them by what they show."""
    made = {
        "blasts": examination_of(olga, accession_number="26-0001", specimen="bone-marrow"),
        "normal": examination_of(olga, accession_number="26-0002"),
        "refused": examination_of(olga, accession_number="26-0003"),
        "failed": examination_of(olga, accession_number="26-0004"),
        "empty": examination_of(olga, accession_number="26-0005"),
    }
    add_field(appliance, made["blasts"].id, olga, 1)
    analyse([0.9] * 8 + [0.1] * 2 + [0.5])
    add_field(appliance, made["normal"].id, olga, 2)
    analyse([0.1] * 10)
    add_field(appliance, made["refused"].id, olga, 3, passed=False)
    add_field(appliance, made["failed"].id, olga, 4)
    assert fields.fail(fields.claim_oldest("test"), "The analysis broke off.")
    return made


def numbers(page):
    found = re.findall(r'class="exam-number"><span class="row-title">([^<]+)<', page.text)
    return [number.removeprefix("26-000") for number in found]


def words_of(page, number):
    row = re.search(
        rf'<li><a class="row-link exam"(?:(?!</li>).)*{number}.*?</li>', page.text, re.S
    )
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", row[0])).split())


def search(browser, text, query=""):
    answer = browser.post(f"/search?{query}", data={"text": text})
    assert answer.status_code == 303
    return browser.get(answer.location)


def test_an_empty_list_says_what_to_do(browser):
    page = browser.get("/?tab=all").text
    assert "No examination yet" in page
    assert 'href="/patients?then=examination"' in page


def test_rows_show_who_what_and_what_is_missing(browser, lab):
    page = browser.get("/?tab=all")
    assert numbers(page) == ["5", "4", "3", "2", "1"]
    row = words_of(page, "26-0001")
    assert "Okafor, Ada" in row
    assert "Marrow" in row
    assert "11 cells, 80 % blasts? 95 % interval 44 to 97 %" in row
    assert "11 to verify" in row
    assert "10 cells, 0 % blasts?" in words_of(page, "26-0002")
    assert "1 image needs you" in words_of(page, "26-0003")
    assert "1 image needs you" in words_of(page, "26-0004")
    assert "No images yet" in words_of(page, "26-0005")


FILTERS = {
    "needs=attention": ["4", "3"],
    "needs=images": ["5"],
    "needs=waiting": [],
    "needs=failed": ["4"],
    "specimen=bone-marrow": ["1"],
    "specimen=peripheral-blood&blasts=no": ["2"],
    "blasts=yes": ["1"],
    "status=registered": ["5"],
    "status=partial&needs=attention&specimen=peripheral-blood": ["4", "3"],
    f"from={TODAY}&to={TODAY}": ["5", "4", "3", "2", "1"],
    "to=2000-01-01": [],
    "from=2100-01-01": [],
    "needs=attention&specimen=bone-marrow": [],
}


def test_filters_narrow_alone_and_together(browser, lab):
    pages = {query: browser.get(f"/?{query}") for query in FILTERS}
    assert {query: numbers(page) for query, page in pages.items()} == FILTERS
    for query, page in pages.items():
        assert ("No examination found" in page.text) is (not FILTERS[query]), query


@pytest.mark.parametrize("path", ["/", "/rows"])
def test_a_malformed_address_is_no_error(browser, lab, path):
    for query in (
        "needs=x",
        "status=x&specimen=%00&blasts=2",
        "from=yesterday&to=0000-00-00",
        "from=0001-01-01&to=9999-12-31",
        "page=0",
        "page=-1",
        "page=99999999999999999999",
        "page=1e9",
        "search=zz",
        "needs=attention%27--",
    ):
        page = browser.get(f"{path}?tab=all&{query}")
        assert (page.status_code, len(numbers(page))) == (200, 5), query


def test_examinations_are_found_by_what_was_concluded(browser, lab, hana):
    row = Conclusion(examination=lab["normal"].id, finding=Finding.NO_BLASTS)
    insert(row, "conclusion:write", by=users.actor_of(hana))
    page = browser.get("/?finding=no-blasts")
    assert numbers(page) == ["2"]
    assert "Concluded: No blasts" in page.text
    assert numbers(browser.get("/?finding=not-conclusive&blasts=yes")) == []


def test_a_filter_taken_can_be_taken_away(browser, lab):
    page = browser.get("/?needs=attention&specimen=peripheral-blood").text
    assert 'href="/?needs=attention" aria-label="Peripheral blood: remove this filter"' in page


def test_a_scanned_accession_number_opens_its_examination(browser, lab):
    answer = browser.post("/search?needs=images", data={"text": " 26-0002 "})
    assert answer.location == f"/examinations/{lab['normal'].id}"


def test_a_scanned_wristband_opens_its_patient(browser, lab):
    answer = browser.post("/search", data={"text": "4711"})
    assert answer.location == f"/patients/{patients.by_number('4711').id}"


def test_part_of_a_number_or_a_name_is_searched_for_within_the_filters(browser, lab, olga):
    assert numbers(search(browser, "0003")) == ["3"]
    assert numbers(search(browser, "OKAFOR")) == ["5", "4", "3", "2", "1"]
    assert numbers(search(browser, "okafor", "needs=attention")) == ["4", "3"]
    page = search(browser, "xyz")
    assert "No examination found" in page.text
    assert 'value="xyz"' in page.text


@pytest.mark.parametrize(
    ("family", "typed"), [("Núñez", "nunez"), ("देशपांडे", "देशपांडे"), ("المنصوري", "المنصوري")]
)
def test_names_in_any_script_are_found(browser, olga, family, typed):
    values = {"medical_record_number": "4711", "family_name": family, "sex": "unknown"}
    patients.register(values, users.actor_of(olga))
    examination_of(olga, accession_number="26-0009")
    assert numbers(search(browser, typed)) == ["9"]


def test_names_searched_for_stay_out_of_addresses(browser, lab):
    answer = browser.post("/search", data={"text": "Okafor"})
    page = browser.get(answer.location)
    assert re.fullmatch(r"/\?search=[0-9a-f]{6}", answer.location)
    assert not re.search(r'(?:href|action|hx-get)="[^"]*okafor', page.text, re.I)


def test_a_search_belongs_to_the_session_that_made_it(browser, as_user, lab):
    answer = browser.post("/search", data={"text": "xyz"})
    assert len(numbers(as_user("hana").get(answer.location))) == 5


def test_many_searches_do_not_outgrow_the_session(browser, lab):
    for number in range(20):
        answer = browser.post("/search", data={"text": f"名前{number}" * 30})
    assert len(answer.headers["Set-Cookie"]) < 2500
    assert "名前19" in browser.get(answer.location).text


def test_rows_renew_themselves_only_while_something_waits(browser, lab, appliance, olga):
    assert "hx-trigger" not in browser.get("/?tab=all").text
    add_field(appliance, lab["empty"].id, olga, 5)
    page = browser.get("/?needs=waiting")
    assert 'hx-trigger="every 3s"' in page.text
    assert "0 of 1 read" in words_of(page, "26-0005")
    address = unescape(re.search(r'hx-get="([^"]+)"', page.text)[1])
    assert address == "/rows?needs=waiting"
    analyse([0.9])
    rows = browser.get(address, headers={"X-Poll": "1", "HX-Request": "true"})
    assert "hx-trigger" not in rows.text
    assert "<html" not in rows.text


def test_renewing_rows_keeps_nobody_signed_in(browser, lab):
    with browser.session_transaction() as session:
        session["touched"] -= 60
        before = session["touched"]
    browser.get("/rows", headers={"X-Poll": "1", "HX-Request": "true"})
    with browser.session_transaction() as session:
        assert session["touched"] == before


def test_a_long_list_comes_in_pages_that_keep_the_filters(browser, olga):
    for number in range(27):
        examination_of(olga, accession_number=f"26-{number:04d}")
    first = browser.get("/?specimen=peripheral-blood")
    assert "Page 1 of 2 · 27 examinations" in first.text
    assert 'href="/?specimen=peripheral-blood&amp;page=2"' in first.text
    second = browser.get("/?specimen=peripheral-blood&page=2")
    assert len(re.findall('class="row-link exam"', second.text)) == 2
    assert 'rel="prev"' in second.text
    assert 'href="/?specimen=peripheral-blood" rel="prev"' in second.text


@pytest.mark.parametrize("username", ["hana", "adam"])
def test_who_registers_nothing_still_sees_the_list(as_user, lab, username):
    page = as_user(username).get("/?tab=all")
    assert len(numbers(page)) == 5
    assert "New examination" not in page.text


def test_the_bell_leads_to_what_needs_a_person(browser, lab):
    page = browser.get("/").text
    assert 'href="/?needs=attention"' in page
    assert re.search(r'Needs you <span class="chip-count">2</span>', page)


def test_a_name_cannot_smuggle_markup_into_the_list(browser, olga):
    values = {"medical_record_number": "4711", "family_name": "<script>x", "sex": "other"}
    patients.register(values, users.actor_of(olga))
    examination_of(olga)
    assert "<script>x" not in browser.get("/").text
    assert "<img" not in search(browser, '"><img src=x>').text


@pytest.fixture
def bench(app, appliance, olga, hana, password):
    """One examination on each tab: to read, to sign, signed today; one more amended anew."""
    made = {
        "capture": examination_of(olga, accession_number="26-0001"),
        "reading": cases.imaged(appliance, olga, [0.9, 0.1], accession_number="26-0002"),
        "signing": cases.submitted(appliance, olga, accession_number="26-0003"),
        "today": cases.signed(appliance, olga, hana, password, accession_number="26-0004"),
        "amended": cases.signed(appliance, olga, hana, password, accession_number="26-0005"),
    }
    by = users.actor_of(hana)
    report_versions.begin_amendment(made["amended"].id, "amended", "One blast more", by)
    return made


def test_each_tab_has_its_own_and_says_how_many(browser, bench):
    found = {tab: numbers(browser.get(f"/?tab={tab}")) for tab in ("capture", "reading", "signing")}
    assert found == {"capture": ["1"], "reading": ["2"], "signing": ["5", "3"]}
    page = browser.get("/?tab=today")
    assert numbers(page) == ["5", "4"]
    counts = re.findall(r'class="chip"[^>]*>([^<]+) <span class="chip-count">(\d+)<', page.text)
    assert dict(counts) == {
        "To capture": "1",
        "To read": "1",
        "To sign": "2",
        "Signed today": "2",
    }


@pytest.mark.parametrize(
    ("username", "own"),
    [("olga", ["2"]), ("hana", ["5", "3"]), ("adam", ["5", "4", "3", "2", "1"])],
)
def test_each_role_lands_on_its_own_work_and_finds_the_rest(as_user, bench, username, own):
    browser = as_user(username)
    assert numbers(browser.get("/")) == own
    assert len(numbers(browser.get("/?status=final"))) == 2
    assert numbers(search(browser, "26-000")) == ["5", "4", "3", "2", "1"]
    assert numbers(browser.get("/?tab=signing&specimen=bone-marrow")) == []


def test_rows_say_what_people_have_yet_to_do(browser, bench, hana):
    page = browser.get("/?tab=all")
    assert "2 to verify" in words_of(page, "26-0002")
    assert "5 cells, 40 % blasts 95 %" in words_of(page, "26-0003")
    assert "To conclude" in words_of(page, "26-0003")
    assert "Final" in words_of(page, "26-0004")
    assert "Being amended" in words_of(page, "26-0005")
    cases.conclude(bench["signing"].id, hana)
    assert "To sign" in words_of(browser.get("/?tab=all"), "26-0003")


def test_the_bell_tells_each_role_of_its_own(as_user, bench):
    assert "2 examinations wait to be signed" in as_user("hana").get("/").text
    assert "to be signed" not in as_user("olga").get("/").text.split("</header>")[0]
