"""Search that finds "nghèo" when somebody types "ngheo": index and query lose their diacritics."""

import unicodedata

from sphinx.search import SearchLanguage, languages

_FOLD = """
var Stemmer = function() {
  this.stemWord = function(word) {
    return word.toLowerCase().normalize("NFD").replace(/[\\u0300-\\u036f]/g, "").replace(/đ/g, "d");
  };
};
"""


def fold(word: str) -> str:
    """Return a word in small letters without diacritics."""
    plain = unicodedata.normalize("NFD", word.lower()).replace("đ", "d")
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


class Folded(SearchLanguage):
    """Words of any language that is written in Latin letters."""

    lang = "vi"
    language_name = "Vietnamese"
    js_stemmer_code = _FOLD

    def stem(self, word: str) -> str:
        """Return what the index holds for a word."""
        return fold(word)

    def word_filter(self, word: str) -> bool:
        """Return whether a word is worth finding; years and other numbers are."""
        return len(word) > 1


class FoldedEnglish(Folded):
    """The same for the English pages, whose names of places are Vietnamese."""

    lang = "en"
    language_name = "English"


def setup(app):
    """Take the place of Sphinx's own languages."""
    languages["vi"], languages["en"] = Folded, FoldedEnglish
    return {"parallel_read_safe": True, "parallel_write_safe": True}
