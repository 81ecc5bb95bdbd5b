"""Names in any script: what is drawn, glyph by glyph, read back from the PDF."""

import io
import re
import unicodedata
from dataclasses import replace

import pytest
import uharfbuzz as hb
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import ContentStream

from appliance.exchange.pdf import field_report
from appliance.exchange.sheet import Sheet, Type
from appliance.exchange.typefaces import FACES, coverage, face_of, printable

NAMES = {
    "Latin": "Łukasz Ångström Nguyễn Thị Öztürk",
    "Greek": "Ἀθηνᾶ Παπαδοπούλου",
    "Cyrillic": "Щербаков Її Ґалаґан",
    "Arabic": "محمد بن عبد الرحمن الأحمد",
    "Arabic with vowels": "مُحَمَّدٌ بْنُ عَلِيّ",
    "Persian": "پروین می‌خواهم گل‌آقا",
    "Hebrew": "שָׁלוֹם כהן-לוי",
    "Hindi": "श्रीमती अमिता क्षत्रिय",
    "Bengali": "রবীন্দ্রনাথ ঠাকুর",
    "Tamil": "தமிழ்ச்செல்வி ஸ்ரீ",
    "Telugu": "శ్రీనివాస్",
    "Kannada": "ಕೃಷ್ಣಮೂರ್ತಿ",
    "Malayalam": "ശ്രീലക്ഷ്മി",
    "Gujarati": "ક્રિષ્ના",
    "Punjabi": "ਗੁਰਪ੍ਰੀਤ",
    "Odia": "ପ୍ରିୟଙ୍କା",
    "Sinhala": "ශ්‍රී ලංකා",
    "Thai": "ศรีสุวรรณ น้ำผึ้ง",
    "Lao": "ສີສຸວັນ ນ້ຳ",
    "Khmer": "ភាសាខ្មែរ",
    "Burmese": "မြန်မာ အောင်ဆန်း",
    "Amharic": "አበበ ቢቂላ",
    "Georgian": "გიორგი",
    "Armenian": "Հայկ Սարգսյան",
    "Tibetan": "བཀྲ་ཤིས་",
    "Chinese": "王小明 歐陽修 龍",
    "Japanese": "山田太郎 𠮷田 さくら サクラ",
    "Korean": "김민수 뷁",
    "mixed": "Dr. Amina الأحمد (née Smith, 1990) 王小明 כהן 12-34",
    "not composed": "Zoe\u0308 n\u0303 q\u0303 x\u0301\u0323",
}
"""Names and words with the joined, stacked and reordered letters of each script."""


@pytest.fixture
def drawn():
    """Writes one line on a sheet, which is closed after the test."""
    sheets = []

    def draw(text):
        sheet = Sheet()
        sheets.append(sheet)
        sheet.open_page()
        sheet.put(20, 50, text, Type(12))
        return sheet

    yield draw
    for sheet in sheets:
        sheet.close()


def glyph_ids(pdf):
    """Read back the glyphs that a PDF draws, by name of font."""
    drawn_glyphs = {}
    reader = PdfReader(io.BytesIO(pdf))
    for page in reader.pages:
        maps = {
            name: _glyph_of_code(font.get_object())
            for name, font in page["/Resources"]["/Font"].get_object().items()
        }
        current = None
        for operands, operator in ContentStream(page.get_contents(), reader).operations:
            if operator == b"Tf":
                current = operands[0]
            elif operator == b"Tj":
                data = operands[0].original_bytes
                codes = [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]
                drawn_glyphs.setdefault(current, []).extend(maps[current](c) for c in codes)
    return drawn_glyphs


def _glyph_of_code(font):
    descendant = font["/DescendantFonts"][0].get_object()
    if "/CIDToGIDMap" in descendant:
        table = descendant["/CIDToGIDMap"].get_object().get_data()
        return lambda code: int.from_bytes(table[2 * code : 2 * code + 2], "big")
    pairs = re.findall(rb"<([0-9A-F]{4})> (\d+)\n", font["/Encoding"].get_object().get_data())
    table = {int(code, 16): int(cid) for code, cid in pairs}
    return lambda code: table.get(code, 0)


@pytest.mark.parametrize("script", NAMES)
def test_no_glyph_of_a_name_is_missing(drawn, script):
    sheet = drawn(NAMES[script])
    sheet.put(20, 60, NAMES[script], Type(12, bold=True))
    glyphs = [glyph for ids in glyph_ids(bytes(sheet.output())).values() for glyph in ids]
    assert len(glyphs) >= len(NAMES[script])
    # Glyph 0 is .notdef, the empty box.
    assert 0 not in glyphs


@pytest.mark.parametrize("script", NAMES)
def test_each_letter_of_a_name_can_be_copied_from_the_pdf(drawn, script):
    text = PdfReader(io.BytesIO(bytes(drawn(NAMES[script]).output()))).pages[0].extract_text()
    wanted = {c for c in printable(NAMES[script]) if unicodedata.category(c).startswith("L")}
    # Some letters are drawn as parts of others, in an order only a shaper knows.
    found = set(unicodedata.normalize("NFC", text))
    assert len(wanted - found) <= len(wanted) // 3


@pytest.mark.parametrize(
    ("family", "word"),
    [
        ("notosansarabic", "محمد"),
        ("notosansarabic", "مُحَمَّد"),
        ("notosansarabic", "می‌خواهم"),
        ("notosansdevanagari", "क्षत्रिय"),
        ("notosansdevanagari", "हिन्दी"),
        ("notosansbengali", "রবীন্দ্রনাথ"),
        ("notosanstamil", "ஸ்ரீ"),
        ("notosanskhmer", "ខ្មែរ"),
    ],
)
def test_letters_are_joined_and_reordered_as_the_shaper_says(drawn, family, word):
    face = next(face for face in FACES if face.family == family)
    font = hb.Font(hb.Face(hb.Blob.from_file_path(face.path())))
    buffer = hb.Buffer()
    buffer.add_str(word)
    buffer.guess_segment_properties()
    hb.shape(font, buffer)
    shaped = {info.codepoint for info in buffer.glyph_infos}
    apart = {font.get_nominal_glyph(ord(character)) for character in word}
    assert shaped != apart
    sheet = drawn(word)
    on_paper = {glyph.glyph_id for glyph, code in sheet.fonts[family].subset.items() if code > 0}
    assert shaped - {font.get_nominal_glyph(0x20)} <= on_paper | {0}
    assert sheet.measure(word, Type(12)) == pytest.approx(
        sum(position.x_advance for position in buffer.glyph_positions) / 1000 * 12 * 25.4 / 72,
        rel=0.02,
    )


def test_right_to_left_text_begins_at_the_right(drawn):
    sheet = drawn("אב")
    alef, bet = (
        next(
            g.glyph_id for g, _ in sheet.fonts["notosanshebrew"].subset.items() if (u,) == g.unicode
        )
        for u in (ord("א"), ord("ב"))
    )
    font = sheet.fonts["notosanshebrew"]
    codes = {g.glyph_id: code for g, code in font.subset.items()}
    stream = bytes(sheet.pages[1].contents)
    first = stream.index(font.escape_text(chr(codes[bet])).encode("latin-1"))
    assert first < stream.rindex(font.escape_text(chr(codes[alef])).encode("latin-1"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("😀", "[U+1F600]"),
        ("👨\u200d👧", "[U+1F468]\u200d[U+1F467]"),
        ("a\x07b", "a\ufffdb"),
        ("a\ud800b", "a\ufffdb"),
        ("\ue000", "[U+E000]"),
        ("a\u202eb\u2066c\ufeff", "abc"),
        ("❤\ufe0f", "❤"),
        ("a\r\nb\u2028c\td", "a\nb\nc d"),
        ("{nb} **bold** __x__", "{nb} **bold** __x__"),
        ("e\u0301", "é"),
    ],
)
def test_what_cannot_be_drawn_is_replaced_in_sight(drawn, text, expected):
    assert printable(text) == expected
    assert 0 not in [
        g for ids in glyph_ids(bytes(drawn(text.split()[0]).output())).values() for g in ids
    ]


def test_stacked_accents_do_not_climb_into_the_line_above():
    spread = printable("Z" + "\u0337" * 40)
    assert spread.count("\u0337") == 40
    assert spread.count("\N{DOTTED CIRCLE}") == 9


def test_every_character_that_the_faces_claim_is_printable_as_itself():
    for face in FACES:
        for code in sorted(coverage(face))[:: max(1, len(coverage(face)) // 50)]:
            character = chr(code)
            if unicodedata.normalize("NFC", character) == character and character.isalpha():
                assert printable(character) == character
                assert face_of(character) is not None


@pytest.fixture(scope="module")
def one_sheet():
    """One for all examples: reading the typefaces takes longer than setting the text."""
    sheet = Sheet()
    sheet.open_page()
    yield sheet
    sheet.close()


@settings(max_examples=120, deadline=None)
@given(text=st.text(st.characters(), max_size=80))
def test_any_text_at_all_is_set_within_its_width(one_sheet, text):
    kind = Type(9)
    for line in one_sheet.lines(text, 40.0, kind):
        alone = len([c for c in line if not unicodedata.category(c).startswith("M")]) <= 1
        assert alone or one_sheet.measure(line, kind) <= 40.05
    one_sheet.put_within(16, 100, text, 40.0, kind)
    one_sheet.write_lines(16, 100, one_sheet.clipped(text, 40.0, 3, kind), kind, width=40.0)


@settings(max_examples=5, deadline=None)
@given(name=st.text(st.characters(), min_size=1, max_size=60), notes=st.text(max_size=200))
def test_no_name_and_no_note_stops_a_report(make_report, make_entry, name, notes):
    report = make_report(field=make_entry(2, name=name))
    report = replace(
        report,
        patient=replace(report.patient, name=name, medical_record_number=name),
        clinical=replace(report.clinical, notes=notes),
    )
    assert field_report(report).startswith(b"%PDF")
