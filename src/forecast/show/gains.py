"""Whose gain it is, in words that hold where a share of it does not: when others lose, or nothing is gained in all.

A share of what a policy adds is a percentage only while everybody gains. A policy that sends collectors to the poor can
cost others members: then the poor gain more than all together, and "117% of the gain" tells a reader nothing.
"""

from forecast.language.words import Text, say

LEAST = 0.5  # of a person or a member-year: less is nothing
_WHO = {
    "guarded": {"vi": "người nghèo, cận nghèo và đồng bào dân tộc thiểu số",
                "en": "poor, near-poor and minority people"},
    "poor": {"vi": "hộ nghèo và hộ cận nghèo", "en": "poor and near-poor people"},
}
_WHAT = {
    "years": {"vi": "năm tham gia", "en": "member-years"},
    "members": {"vi": "người tham gia", "en": "members"},
}


def uneven(part: float, whole: float, low: float, lang: str = "vi", *, who: str = "guarded",
           what: str = "years") -> Text:  # fmt: skip
    """Say who gains and who loses where the share that `part` is of `whole` says nothing; "" where it is a percentage.

    `part` and `whole` are member-years or members (`what`) that a policy adds among the poor (`who`: guarded, or poor)
    and in all; `low` is the low end of the interval of the whole, which is not clearly more than nothing where this is
    not.

    >>> uneven(117.0, 100.0, 20.0, "en", who="poor")
    'Poor and near-poor people gain about 117 member-years, more than all together (100): others lose about 17.'
    >>> uneven(30.0, 100.0, 20.0, "en")
    ''
    """
    values = {"who": _WHO[who][lang], "what": _WHAT[what][lang], "part": abs(part), "whole": whole,
              "others": abs(whole - part)}  # fmt: skip
    if not low > LEAST or not whole > LEAST:
        word = {"vi": ("thêm", "mất"), "en": ("gain", "lose")}[lang][int(part < 0)]
        said = say(lang, **values, word=word,
                   vi="chưa chắc tính chung có tăng thêm hay không, nên không nói phần của từng nhóm; riêng {who} "
                   "{word} khoảng {part:a} {what}.",
                   en="it is not sure that anything is added in all, so that no share can be told; {who} {word} about "
                   "{part:a} {what}.")  # fmt: skip
    elif part > whole * 1.005:
        said = say(lang, **values,
                   vi="{who} thêm khoảng {part:a} {what}, nhiều hơn cả mức tăng chung ({whole:a}): các nhóm khác mất "
                   "khoảng {others:a}.",
                   en="{who} gain about {part:a} {what}, more than all together ({whole:a}): others lose about "
                   "{others:a}.")  # fmt: skip
    elif part < -LEAST:
        said = say(lang, **values,
                   vi="{who} mất khoảng {part:a} {what}, trong khi tính chung tăng {whole:a}: chỉ các nhóm khác được "
                   "lợi.",
                   en="{who} lose about {part:a} {what} while all together gain {whole:a}: only others "
                   "gain.")  # fmt: skip
    else:
        return Text("")
    return Text(said[:1].upper() + said[1:])
