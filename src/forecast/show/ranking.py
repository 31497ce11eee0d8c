"""Who ranks first, how often, and whether the next one can be told from it within the error of the simulation."""

import math
from collections.abc import Mapping

from forecast.language.words import Chance, Text, say


def near(first: Chance, second: Chance) -> bool:
    """Are two shares of the same draws, each draw counting for one of them at most, too near to be told apart?

    The 95% error of their difference d of n draws is 1.96 √((p + q - d²) / n).

    >>> near(Chance(0.5, 200), Chance(0.45, 200)), near(Chance(0.6, 200), Chance(0.3, 200))
    (True, False)
    """
    gap = first.share - second.share
    spread = math.sqrt(max(first.share + second.share - gap**2, 0.0) / max(first.draws, 1))
    return gap <= 1.96 * spread


def ranked(shares: Mapping[str, Chance]) -> list[tuple[str, Chance]]:
    """Return shares by name, the largest first.

    >>> [name for name, _ in ranked({"visits": Chance(0.2, 200), "lists": Chance(0.8, 200)})]
    ['lists', 'visits']
    """
    return sorted(shares.items(), key=lambda one: -one[1].share)


def next_best(shares: Mapping[str, Chance], lang: str = "vi") -> Text:
    """Return what follows on the name of the first of `shares` and its share: the next one, and whether it is as good.

    >>> str(next_best({"visits": Chance(0.45, 200), "lists": Chance(0.5, 200)}, "en"))
    '; visits is as good within the error, 45 ± 7%'
    """
    order = ranked(shares)
    if len(order) < 2:
        return say(lang, vi="", en="")
    (_, first), (name, second) = order[:2]
    if near(first, second):
        return say(
            lang,
            vi="; {name} không kém trong phạm vi sai số, {p:c}",
            en="; {name} is as good within the error, {p:c}",
            name=name,
            p=second,
        )
    return say(lang, vi="; kế đó {name}, {p:c}", en="; next {name}, {p:c}", name=name, p=second)


def sentence(shares: Mapping[str, Chance], lang: str = "vi") -> Text:
    """Say which of `shares` (name: how often it ranks first) is first most often, and how near the next one is.

    >>> str(sentence({"visits": Chance(0.2, 200), "lists": Chance(0.8, 200)}, "en"))
    'Lists ranks first in 80 ± 6% of 200 draws; next visits, 20 ± 6%.'
    """
    if not shares:
        return say(lang, vi="Không có chính sách nào để so.", en="There is no policy to compare.")
    name, first = ranked(shares)[0]
    return say(
        lang,
        vi="{name} đứng đầu trong {p:c} của {n:n} lần mô phỏng{rest}.",
        en="{name} ranks first in {p:c} of {n:n} draws{rest}.",
        name=name[:1].upper() + name[1:],
        p=first,
        n=first.draws,
        rest=next_best(shares, lang),
    )
