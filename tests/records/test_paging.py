from appliance.records.paging import Page


def test_a_page_can_be_looped_over_and_measured():
    page = Page(["a", "b"], total=7, limit=2, offset=4)
    assert (list(page), len(page)) == (["a", "b"], 2)


def test_a_page_knows_its_place():
    middle = Page(["c", "d"], total=5, limit=2, offset=2)
    assert (middle.number, middle.pages) == (2, 3)
    last = Page(["e"], total=5, limit=2, offset=4)
    assert last.number == 3


def test_an_empty_list_has_one_page():
    empty: Page[str] = Page([], total=0, limit=25, offset=0)
    assert (empty.number, empty.pages) == (1, 1)
