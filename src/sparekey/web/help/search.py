"""Looking for an article in the words of a worried person: beginnings of words, small slips and other names for the same thing count.

Chinese is written without spaces, so there pairs of characters are what words are elsewhere.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from sparekey.domain.values import Struct
from sparekey.web.help.articles import Article, articles

LONGEST: Final = 100
"""Characters of a question that are looked at."""

MOST_WORDS: Final = 12

ALIKE: Final = 80.0
"""Of 100: so alike two words are that differ by a slip, or by an ending."""

ENOUGH: Final = 0.5
"""Of the words of a question so many must be found, at least, for an article to be shown."""

TITLE, WORDS, TEXT = 4.0, 3.0, 1.0
"""What a word is worth by where it stands."""

_WORD = re.compile(r"[^\W_]+")
_CHINESE = re.compile(r"[\u3400-\u9fff]+")

_SILENT: Final = (
    "a an and are at by can cannot did do does for from get have how i in is it me my of on or s so t that the this to was what when "
    "where who why will with you your "
    "а бы в во вы для до же за и из к как ко ли мне мой моя мое мои мы на не но о об он она от по с со то у что это я"
)

SAY_NOTHING: Final = frozenset(_SILENT.split())
"""Words that stand in every question."""


class _Index(Struct, frozen=True):
    """Each word of a language's articles, with what it is worth in which of them."""

    worth: Mapping[str, Mapping[str, float]]
    words: tuple[str, ...]


def search(language: str, question: str) -> list[Article]:
    """The articles that answer a question, the best first; none for a question that says nothing."""
    index, found = _index(language), articles(language)
    asked = list(dict.fromkeys(_words(question[:LONGEST])))[:MOST_WORDS]
    if not asked:
        return []
    scores: dict[str, float] = {}
    hits: dict[str, int] = {}
    for word in asked:
        best: dict[str, float] = {}
        for known, likeness in _alike(word, index.words):
            for slug, worth in index.worth[known].items():
                best[slug] = max(best.get(slug, 0.0), worth * likeness / (1 + len(index.worth[known]) / 10))
        for slug, score in best.items():
            scores[slug] = scores.get(slug, 0.0) + score
            hits[slug] = hits.get(slug, 0) + 1
    good = (slug for slug in scores if hits[slug] >= len(asked) * ENOUGH)
    return [found[slug] for slug in sorted(good, key=lambda slug: -scores[slug])]


@lru_cache(maxsize=8)
def _index(language: str) -> _Index:
    worth: dict[str, dict[str, float]] = {}
    for article in articles(language).values():
        for text, value in ((article.title, TITLE), (article.words, WORDS), (article.text, TEXT)):
            for word in set(_words(text)):
                of_word = worth.setdefault(word, {})
                of_word[article.slug] = of_word.get(article.slug, 0.0) + value
    return _Index(worth, tuple(worth))


def _words(text: str) -> Iterable[str]:
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е").replace("’", "'").replace("'", "")
    for word in _WORD.findall(plain):
        if chinese := _CHINESE.findall(word):
            for run in chinese:
                yield from (run[n : n + 2] for n in range(max(1, len(run) - 1)))
        elif word not in SAY_NOTHING:
            yield word


def _alike(word: str, known: tuple[str, ...]) -> Iterable[tuple[str, float]]:
    """The known words that may be meant, and how surely: the same, one that begins like it, one with a slip or another ending."""
    for other in known:
        if other == word:
            yield other, 1.0
        elif len(word) >= 3 and other.startswith(word):
            yield other, 0.8
        elif len(other) >= 4 and word.startswith(other):
            yield other, 0.7
    if len(word) >= 4 and not _CHINESE.match(word):
        from rapidfuzz import fuzz, process  # noqa: PLC0415 - 0.01 s of a start, for who searches with a slip

        for other, score, _ in process.extract(word, known, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=20):
            if other != word:
                yield other, 0.6 * score / 100
