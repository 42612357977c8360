"""Recognising how the text of a file is encoded, and saying so when it cannot be known.

UTF-8 and UTF-16 can be recognised for certain. The old code pages cannot: the bytes of “Dvořák”
in Windows-1250 are “Dvoøák” in Windows-1252. chardetng, the detector of Firefox, guesses well, but
a wrong guess changes people's names. So only Windows-1252 counts as certain, and only where every
word reads as a name in it, with letters in the places where Western Europe has them. Anything else
is for somebody to choose.
"""

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from chardetng_py import EncodingDetector

from webapp.errors import Invalid
from webapp.i18n import lazy

# Codecs of Python and their names for people, in the order in which a form offers them.
ENCODINGS = {
    "utf-8": lazy("Unicode (UTF-8)"),
    "utf-16-le": lazy("Unicode (UTF-16, little-endian)"),
    "utf-16-be": lazy("Unicode (UTF-16, big-endian)"),
    "cp1252": lazy("Western European (Windows-1252)"),
    "cp1250": lazy("Central European (Windows-1250)"),
    "iso8859-2": lazy("Central European (ISO 8859-2)"),
    "cp1251": lazy("Cyrillic (Windows-1251)"),
    "koi8-u": lazy("Cyrillic (KOI8)"),
    "cp866": lazy("Cyrillic (DOS, code page 866)"),
    "cp1253": lazy("Greek (Windows-1253)"),
    "cp1254": lazy("Turkish (Windows-1254)"),
    "cp1255": lazy("Hebrew (Windows-1255)"),
    "cp1256": lazy("Arabic (Windows-1256)"),
    "cp1257": lazy("Baltic (Windows-1257)"),
    "cp1258": lazy("Vietnamese (Windows-1258)"),
    "cp874": lazy("Thai (Windows-874)"),
    "gb18030": lazy("Chinese, simplified (GB 18030, GBK)"),
    "big5hkscs": lazy("Chinese, traditional (Big5)"),
    "cp932": lazy("Japanese (Shift-JIS)"),
    "euc_jp": lazy("Japanese (EUC-JP)"),
    "iso2022_jp": lazy("Japanese (ISO-2022-JP)"),
    "cp949": lazy("Korean (EUC-KR)"),
    "mac-roman": lazy("Western European (Mac)"),
    "cp850": lazy("Western European (DOS, code page 850)"),
    "cp852": lazy("Central European (DOS, code page 852)"),
}
# Encodings that another one contains.
CONTAINED = {
    "utf-8-sig": "utf-8",
    "ascii": "utf-8",
    "utf-16": "utf-16-le",
    "iso8859-1": "cp1252",
    "iso8859-15": "cp1252",
    "iso8859-9": "cp1254",
    "koi8-r": "koi8-u",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
PIECE = 1 << 20
# The detector needs a few names; more only take time.
JUDGED_BYTES, SHOWN_BYTES = 256 * 1024, 4096
NON_ASCII_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
WORD = re.compile(r"[^\W\d_]*[^\x00-\x7f][^\W\d_]*")
# Between words the same in all code pages of Windows; inside a word a letter of another one.
DASH = re.compile(r"(?<!\S)[–—•€](?!\S)")
# The same letter for the same byte in Windows-1250, apart from `å` and `à`, whose counterparts
# there (`ĺ`, `ŕ`) hardly occur.
SHARED_LETTERS = "áäéíóôöúüåàÁÄÇÉÍÓÔÖÚÜÅÀß’"
# Where the other letters of Western Europe usually stand. In Windows-1250 and 1257 their bytes are
# `č ę ė ď ń ă ő ř ć ā ī`, which usually stand elsewhere: Muñoz and Iwańczyk, Sørensen and Dvořák.
VOWEL, CONSONANT = "[aeiouyáéíóúAEIOUYÁÉÍÓÚ]", "[b-df-hj-np-tv-zB-DF-HJ-NP-TV-Z]"
USUAL_PLACES = re.compile(
    f"(?<={VOWEL})[ñÑ](?={VOWEL})|^[ñÑ](?={VOWEL})"
    f"|(?<={CONSONANT})è(?={CONSONANT}{{1,2}}e|[gq]u)|iè(?=[rv])|ès$|(?<!{VOWEL})è$|suè$"
    "|ç(?=[aoueiáãõôâ])|(?<=[aoeiAOEI])[ëË]|[ëË](?=l)|(?<=[aoAO])ï(?=[sclmd])|ê(?=s$|$|[qt])"
    "|ã(?=[oe])|Ã(?=[OE])|uã$|õ(?=e)|Õ(?=E)|[ìò]$|(?<=[aoAO])[îÎ]|(?<=[hgctCT])â|Â(?=n)"
    f"|(?<={CONSONANT})[øæ](?={CONSONANT}|e?$)|^[ØÆ](?={CONSONANT})"
)
# The detector mistakes some Western names for these; the places of their letters tell better.
RIVALS = ("cp1250", "cp1257", "iso8859-4")
# One word of ten may have its letters elsewhere.
TRUSTED_SHARE = 0.9


@dataclass(frozen=True)
class Encoding:
    """How a file is encoded; when it is not `certain`, somebody must look at the names."""

    name: str
    certain: bool

    @property
    def label(self) -> str:
        """Return the name for people."""
        return str(ENCODINGS[self.name])


def parse_encoding(name: str) -> Encoding:
    """Return the encoding that somebody names (`windows-1250`, `gbk`). Raises `Invalid`."""
    try:
        known = codecs.lookup(name.strip()).name
    except (LookupError, ValueError):
        known = ""
    known = CONTAINED.get(known, known)
    if known not in ENCODINGS:
        names = ", ".join(ENCODINGS)
        raise Invalid(
            "The encoding “%(name)s” is unknown. Choose one of these: %(names)s.",
            name=name[:40],
            names=names,
        )
    return Encoding(known, certain=True)


def detect_encoding(data: bytes) -> Encoding:
    """Return the encoding of the text in `data`, and whether that is certain."""
    if name := _marked(data) or _utf16(data):
        return Encoding(name, certain=True)
    if data.isascii():
        return Encoding("iso2022_jp" if b"\x1b" in data else "utf-8", certain=True)
    characters, foreign = _count_utf8(data)
    if foreign <= characters:
        # Valid UTF-8, or a few foreign bytes in it: those break the rows that they stand in.
        return Encoding("utf-8", certain=True)
    return _code_page(_non_ascii_lines(data))


def readings(data: bytes, limit: int = 4) -> dict[str, list[str]]:
    """Return some names of the file by the encodings in which nearly all of them are names.

    The most likely encoding comes first. Of encodings that read the file alike only one is there.
    The names on which the readings differ come before the others.
    """
    sample = _non_ascii_lines(data)[:SHOWN_BYTES]
    guess = _code_page(sample).name
    code_pages = [name for name in ENCODINGS if not name.startswith("utf")]
    found: dict[str, list[str]] = {}
    for encoding in sorted(code_pages, key=lambda encoding: encoding != guess):
        words = list(dict.fromkeys(WORD.findall(_decode(sample, encoding) or "")))
        names = [word for word in words if _is_name(word)]
        likely = encoding == guess or len(names) >= TRUSTED_SHARE * len(words)
        if words and likely and words not in found.values():
            found[encoding] = words
    agreed = Counter(word for words in found.values() for word in words)
    return {name: sorted(words, key=agreed.__getitem__)[:limit] for name, words in found.items()}


def _marked(data: bytes) -> str | None:
    return next((name for mark, name in BYTE_ORDER_MARKS.items() if data.startswith(mark)), None)


def _utf16(data: bytes) -> str | None:
    """Recognise UTF-16 without a byte-order mark: every second byte of its ASCII is zero."""
    start = data[: 64 * 1024]
    first, second = start[::2].count(0), start[1::2].count(0)
    if max(first, second) * 20 < len(start) // 2 or max(first, second) <= 4 * min(first, second):
        return None
    return "utf-16-le" if second > first else "utf-16-be"


def _count_utf8(data: bytes) -> tuple[int, int]:
    """Return how many non-ASCII characters `data` has as UTF-8, and how many bytes are none."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    characters = foreign = 0
    for start in range(0, len(data), PIECE):
        text = decoder.decode(data[start : start + PIECE])
        if not text.isascii():
            escaped = sum("\udc80" <= character <= "\udcff" for character in text)
            characters += sum(character > "\x7f" for character in text) - escaped
            foreign += escaped
    return characters, foreign + len(decoder.getstate()[0])


def _non_ascii_lines(data: bytes) -> bytes:
    def lines() -> Iterator[bytes]:
        length = 0
        for found in NON_ASCII_LINE.finditer(data):
            if length > JUDGED_BYTES:
                return
            length += len(found[0])
            yield found[0][:JUDGED_BYTES]

    return b"\n".join(lines())


def _code_page(lines: bytes) -> Encoding:
    detector = EncodingDetector()
    detector.feed(lines, last=True)
    guess = codecs.lookup(detector.guess(tld=None, allow_utf8=False)).name
    guess = CONTAINED.get(guess, guess)
    western = _decode(lines, "cp1252")
    alike = guess in RIVALS or western == _decode(lines, guess)
    if western is not None and alike and _is_western(western):
        return Encoding("cp1252", certain=True)
    return Encoding(guess if guess in ENCODINGS else "cp1252", certain=False)


def _decode(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        return None


def _is_western(text: str) -> bool:
    """Return True when `text` is surely not another code page read as Windows-1252."""
    words = set(WORD.findall(DASH.sub("", text)))
    if not all(_is_name(word) and _is_mostly_ascii(word) for word in words):
        return False
    doubtful = [word for word in words if not _is_shared(word)]
    usual = [word for word in doubtful if _is_shared(USUAL_PLACES.sub("", word))]
    return len(usual) >= TRUSTED_SHARE * len(doubtful)


def _is_mostly_ascii(word: str) -> bool:
    # Words of other scripts are read as accented letters throughout.
    return sum(not character.isascii() for character in word) * 2 <= len(word)


def _is_shared(word: str) -> bool:
    return all(character.isascii() or character in SHARED_LETTERS for character in word)


def _is_name(word: str) -> bool:
    """Return True when the word is of one script and has no symbol or capital inside."""
    foreign = [character for character in word if not character.isascii()]
    if not all(c.isalpha() or c == "’" or "\u0300" <= c <= "\u036f" for c in foreign):
        return False
    if any(a.islower() and b.isupper() and not b.isascii() for a, b in pairwise(word)):
        return False
    # "Latin" of LATIN SMALL LETTER A; each script has its own such word.
    scripts = {
        unicodedata.name(character).partition(" ")[0] for character in word if character.isalpha()
    }
    return not ("LATIN" in scripts and len(scripts) > 1)
