"""Whether a text is Vietnamese: what no Vietnamese syllable can be is a word of another language, or a name.

Vietnamese is written in syllables, each an onset and one of a short list of rhymes, so that a word of English nearly
always betrays itself, with no dictionary: *member*, *source* and *plan* cannot be syllables. The few English words
that could be (*the*, *that*) stand in a list. Pages use it to mark up the language of a title; tests, to find English
that leaked into a Vietnamese page or picture.
"""

import re
import unicodedata
from collections.abc import Iterable

_ONSETS = "ngh|ng|nh|n|ch|c|gh|gi|g|kh|k|ph|p|qu|q|th|tr|t|b|d|h|l|m|r|s|v|x|"
_RHYMES = """a ac ach ai am an ang anh ao ap at au ay e ec em en eng eo ep et ech enh eu i ia ich iec iem ien ieng iep
    iet ieu im in inh ip it iu o oa oac oach oai oam oan oang oanh oao oap oat oay oc oe oen oeo oet oi om on ong
    ooc oong op ot u ua uac uan uang uat uay uc ue uech uenh ui um un ung uo uoc uoi uom uon uong uop uot uou up ut uu
    uy uya uych uyen uyet uynh uyt uyu y ych yem yen yeng yet yeu ynh yt""".split()
_SYLLABLE = re.compile(rf"(?:{_ONSETS})(?:{'|'.join(sorted(_RHYMES, key=len, reverse=True))})")
# Could be syllables, and are English when they have no diacritics.
_ENGLISH = frozenset("at be by he it me my on that the them then up we you your".split())
# A word; an address or a name of a file (letters joined by . _ / or @) is none.
_WORD = re.compile(r"[\w./@-]*\w[./@_]\w[\w./@-]*|[^\W\d_]+")


def foreign(text: str, known: Iterable[str] = ()) -> list[str]:
    """Return the words of `text` that are not Vietnamese; abbreviations in capitals, and `known` ones, are left out.

    >>> foreign("Hộ nghèo được hỗ trợ thêm; BHXH tự nguyện, Đà Bắc.")
    []
    >>> foreign("Số người tham gia (members) at 2021: the plan")
    ['members', 'at', 'the', 'plan']
    """
    known, words = set(known), []
    for word in _WORD.findall(unicodedata.normalize("NFC", text)):
        if re.search(r"[./@_]", word) or word in known or len(word) == 1 or word.isupper():
            continue
        plain = _plain(word)
        if not _SYLLABLE.fullmatch(plain) or plain in _ENGLISH and plain == word.lower():
            words.append(word)
    return words


def language(text: str) -> str:
    """Return "vi" for a title in Vietnamese and "en" for one in another language, names of places apart.

    >>> language("Đi chợ quê tham gia BHXH tự nguyện"), language("Cà Mau to reduce poverty below 1 per cent")
    ('vi', 'en')
    """
    every = [word for word in _WORD.findall(text) if len(word) > 1 and not word.isupper()]
    return "en" if 3 * len(foreign(text)) > len(every) else "vi"


def _plain(word: str) -> str:
    """Return a word in small letters without diacritics."""
    apart = unicodedata.normalize("NFD", word.lower()).replace("đ", "d")
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
