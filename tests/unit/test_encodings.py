"""Encodings: a name is read exactly, or somebody is asked."""

import codecs

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from webapp.domain.employees.employee_file import open_file
from webapp.domain.employees.encodings import (
    CONTAINED,
    ENCODINGS,
    detect_encoding,
    parse_encoding,
    readings,
)
from webapp.domain.employees.rows import EmployeeRow
from webapp.errors import Invalid

HEADER = "email,employee number,first name,last name\n"
UNICODE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]

# Names as offices in these places write them.
NAMES = {
    "cp1252": ["José Núñez", "Zoë Müller", "Søren Kjær", "François Lefèvre", "Åsa Öberg"],
    "cp1250": ["Łukasz Żak", "Jiří Dvořák", "Čeněk Novotný", "Erzsébet Szűcs", "Luka Kovačević"],
    "iso8859-2": ["Łukasz Żak", "Grażyna Wiśniewska"],
    "cp1251": ["Иван Иванов", "Анна Смирнова", "Олена Шевченко"],
    "koi8-r": ["Иван Иванов", "Анна Смирнова"],
    "cp866": ["Иван Иванов", "Анна Смирнова"],
    "cp1253": ["Γιώργος Παπαδόπουλος", "Ελένη Νικολάου"],
    "cp1254": ["Ayşe Yılmaz", "Uğur Şahin"],
    "cp1257": ["Jānis Bērziņš", "Giedrė Kazlauskaitė"],
    "cp1255": ["יוסי כהן", "שרה לוי"],
    "cp1256": ["محمد علي", "فاطمة حسن"],
    "gbk": ["王芳", "张伟", "刘洋"],
    "big5": ["陳怡君", "林志明"],
    "cp932": ["山田太郎", "佐藤花子"],
    "euc_jp": ["山田太郎", "佐藤花子"],
    "euc_kr": ["김민준", "이서연"],
    "mac-roman": ["José Núñez", "Zoë Müller"],
    "cp850": ["José Núñez", "Zoë Müller"],
    "cp852": ["Łukasz Żak", "Jiří Dvořák"],
}


def listed(names: list[str]) -> str:
    rows = (f"p{n}@example.com,{n},{name.replace(' ', ',')}\n" for n, name in enumerate(names, 1))
    return HEADER + "".join(rows)


def names_of(data: bytes, encoding: str = "") -> list[str]:
    rows = [row for row in open_file(data, encoding).rows() if isinstance(row, EmployeeRow)]
    return [f"{row.values['first_name']} {row.values['last_name']}".strip() for row in rows]


@pytest.mark.parametrize("encoding", UNICODE)
@pytest.mark.parametrize("names", NAMES.values(), ids=list(NAMES))
def test_unicode_is_recognised(names: list[str], encoding: str) -> None:
    data = listed(names).encode(encoding)
    assert detect_encoding(data).certain
    assert names_of(data) == names


@pytest.mark.parametrize("name", NAMES["cp1252"])
def test_western_names_are_read(name: str) -> None:
    data = listed([name]).encode("cp1252")
    assert detect_encoding(data).certain
    assert names_of(data) == [name]


@pytest.mark.parametrize("department", ["Vertrieb – Süd", "O’Brien’s team", "R&D • Köln"])
def test_western_punctuation_is_read(department: str) -> None:
    file = open_file(f"email,number,name,department\nx@y.z,1,Ada,{department}\n".encode("cp1252"))
    file.check()
    (row,) = file.rows()
    assert isinstance(row, EmployeeRow)
    assert row.values["department"] == department


CODE_PAGES = [(page, name) for page, names in NAMES.items() if page != "cp1252" for name in names]


@pytest.mark.parametrize(("page", "name"), CODE_PAGES)
def test_names_of_another_code_page_are_asked_about(page: str, name: str) -> None:
    data = listed([name]).encode(page)
    found = detect_encoding(data)
    assert not found.certain or names_of(data) == [name]
    assert names_of(data, page) == [name]


@pytest.mark.parametrize("page", [page for page in NAMES if page != "cp1252"])
def test_the_right_reading_is_offered(page: str) -> None:
    data = listed(NAMES[page]).encode(page)
    offered = [" ".join(words) for words in readings(data, limit=20).values()]
    words = [word for name in NAMES[page] for word in name.split() if not word.isascii()]
    assert " ".join(words) in offered


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


# Letters that code pages of Windows put on the bytes of other letters.
LETTERS = {"cp1250": "ąćęłńóśźżáčďéěíňřšťúůýž", "cp1251": "абвгдежзиклмнопрстуфхцчшщыэюя"}


@pytest.mark.parametrize("page", LETTERS)
@given(data=st.data())
def test_a_name_is_read_exactly_or_asked_about(page: str, data: st.DataObject) -> None:
    word = st.text(LETTERS[page], min_size=3, max_size=9)
    name = data.draw(word).capitalize()
    file = listed([name]).encode(page)
    # A few letters may be UTF-8 by chance (É ą á ą ś in cp1250); a file that is, is read as UTF-8.
    assume(not is_utf8(file))
    assert not detect_encoding(file).certain or names_of(file) in ([name], [])


@given(
    name=st.text(
        st.characters(codec="utf-8", categories=["Lu", "Ll", "Lo"]), min_size=1, max_size=8
    )
)
def test_a_name_in_unicode_is_read_exactly(name: str) -> None:
    for encoding in UNICODE:
        assert names_of(listed(["Ada", name]).encode(encoding))[0] == "Ada"


def test_a_foreign_byte_costs_its_row_alone() -> None:
    data = listed(["José Núñez", "Ada Lovelace"]).encode() + b"x@example.com,9,Ren\xe9,Y\n"
    assert names_of(data) == ["José Núñez", "Ada Lovelace"]


def test_iso_2022_jp_is_recognised() -> None:
    assert names_of(listed(["山田太郎"]).encode("iso2022_jp")) == ["山田太郎"]


@pytest.mark.parametrize("name", ["windows-1250", "CP1250", "gbk", "shift-jis", "latin-1", "UTF8"])
def test_encodings_go_by_their_usual_names(name: str) -> None:
    assert parse_encoding(name).name in ENCODINGS


@pytest.mark.parametrize("name", ["klingon", "idna", "rot13", "unicode_escape", "\x00", "x" * 999])
def test_an_unknown_encoding_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(Invalid, match="cp1250"):
        parse_encoding(name)


def test_every_encoding_is_one_that_python_knows() -> None:
    for name in [*ENCODINGS, *CONTAINED]:
        assert codecs.lookup(name).name == name
    assert set(CONTAINED.values()) <= set(ENCODINGS)


def test_readings_show_where_they_differ() -> None:
    data = listed(["André Novák", "Jiří Bárta"]).encode("cp1250")
    offered = readings(data, limit=1)
    assert (offered["cp1250"], offered["cp1252"]) == (["Jiří"], ["Jiøí"])
    assert list(readings(listed(["Łukasz Żak"]).encode("cp1250"))) == ["cp1250"]
