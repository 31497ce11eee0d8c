"""The words that the columns of tables may hold: groups, schemes, kinds, statuses, levels, measures, payers.

Each list stands here once; ``data/README.md`` explains the words to people and ``docs/words.csv`` names them in both
languages.

>>> PAYERS["office"], [payer for payer in PAYERS if payer in SUPPORTERS]
('spent_outreach', ['state', 'province', 'donors'])
"""

NATION = "Việt Nam"
"""The place that contains all others."""

SCHEME = "voluntary_si"
"""The scheme that is simulated."""

GROUPS = ("poor", "near_poor", "ethnic_minority", "other")
"""The four subsidy groups, in the order of every array with a group axis; tables add ``all`` for their sum."""

GUARDED = ("poor", "near_poor", "ethnic_minority")
"""The groups that an equity guard looks after."""

SCHEMES = (SCHEME, "household_hi", "compulsory_si", "all_schemes")
"""Insurance schemes; ``all_schemes`` is for published figures that mix them, such as joint collections."""

STUDIED_SCHEMES = (SCHEME, "all_schemes", "health_insurance", "pension", "other")
"""Which scheme a study is about, in evidence.csv: this one, all of social insurance, or another kind."""

STATUSES = ("stated", "derived", "recalled", "judgement", "conflicting", "synthetic")
"""How far a figure can be trusted, best first except that ``conflicting`` means its source contradicts itself.

``judgement`` is what the makers chose, with their reasons beside it: no source states it."""

KINDS = ("observation", "target", "plan", "lever", "input")
"""What a history row is: a thing that was, was hoped for, was assigned, was done, or describes the setting."""

LEVELS = ("nation", "region", "province", "district", "commune", "commune_group")
"""Levels of places, from large to small; a commune group is a named set such as the model communes of a city.

A region lies beside the provinces, not above them: no law is its own, and its figures are lent to provinces."""

USES = ("", "learn", "no")
"""What a count may be used for: "" by its status, "learn" learned from and never judged by, "no" neither."""

PAYERS = {
    "members": "paid_members",
    "state": "paid_state",
    "province": "paid_province",
    "donors": "paid_donors",
    "office": "spent_outreach",
}
"""Who pays, and the measure that holds their money (VND): contributions and outreach together.

Members pay contributions only; the social insurance office pays outreach and the commission of collectors. Outreach is
spent on all groups together: it stands in the rows of group ``all``, so that those of single groups hold contributions
and the commission on them alone.
"""

SUPPORTERS = ("state", "province", "donors")
"""Payers who carry a part of members' contributions."""

OUTREACH_PAYERS = ("office", "state", "province", "donors")
"""Payers whom a lever may name for what it costs."""

MEASURES = {
    "members": "persons",
    "entries": "persons",
    "returns": "persons",
    "lapses": "persons",
    "exits_compulsory": "persons",
    "exits_other": "persons",
    "active_9of12": "persons",
    "paid_months": "months",
    **dict.fromkeys(PAYERS.values(), "vnd"),
    "unpaid_hours": "hours",
}
"""Measures of a projection and their units, in the order in which engines write them."""
