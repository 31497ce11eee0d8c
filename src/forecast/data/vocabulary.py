"""The words that the columns of tables may hold: groups, schemes, kinds, statuses, levels, measures, payers.

Each list stands here once; ``data/README.md`` explains the words to people and ``docs/words.csv`` names them in both
languages.

>>> PAYERS["office"], [payer for payer in PAYERS if payer in SUPPORTERS]
('spent_outreach', ['state', 'province', 'donors'])
"""

from typing import Literal, get_args

NATION = "Việt Nam"
"""The place that contains all others."""

SCHEME = "voluntary_si"
"""The scheme that is simulated."""

GroupOrAll = Literal["all", "poor", "near_poor", "ethnic_minority", "other"]
"""What a file may say where a group is wanted."""

GROUPS: tuple[str, ...] = get_args(GroupOrAll)[1:]
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

OutreachPayer = Literal["office", "state", "province", "donors"]
"""Payers whom a lever may name for what it costs, and whose money a search may count."""

OUTREACH_PAYERS: tuple[str, ...] = get_args(OutreachPayer)
"""The same, in the order of tables."""

INTERVAL = (0.05, 0.95)
"""Ends of the 90% interval that is shown everywhere."""

AS_IS = "law"
"""Name of the law as it is among others, on the board."""

MONEY = tuple(payer for payer in PAYERS if payer != "members")
"""Payers whose money a way to meet a target is told in."""

TOGETHER = "together"
"""The way that does all that other ways do, each at its most."""

RANGE_UNITS = ("one", "hamlet", "commune", "communes", "household", "person", "collector")
"""What the most of a lever is counted for: itself, or each of these; ``communes`` is a share of all communes."""

MEASURES = {
    "members": "persons",
    "lasting_members": "persons",
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

SCOPES = ("nation", "places")
"""Whose scores a weight comes from: those of the nation, or those of all other places."""

PUBLISHED_QUANTILES = {f"q{round(1000 * p):03d}": p for p in (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)}
"""Columns of published forecasts and the probability of each: ``q500`` is the median."""

EXAM_QUANTILES = ("q025", "q100", "q250", "q500", "q750", "q900", "q975")
"""Columns of the exam's forecasts, named as those of published ones."""

NOT_KEPT = ("projection", "published", "counts", "ranks", "targets")
"""Tables without a file of their own in the data folder itself: results, those of folders, new counts coming in."""

WORKED_OUT = ("pool", "exam", "tiles")
"""Tables that commands work out from others: the data folder may lack them."""

HISTORY_MEASURES: dict[str, tuple[str, ...]] = {
    # people in the scheme: stocks, flows and ratios are different measures, never one
    "members": ("persons",),
    "members_change": ("persons",),
    "members_growth": ("percent",),
    "members_share": ("percent",),
    "members_share_excess": ("percentage_points",),
    "members_share_of_parent": ("percent",),
    "members_change_per_year": ("persons_per_year",),
    "members_per_commune": ("persons_per_commune",),
    "members_missing_to_plan": ("persons",),
    "entries": ("persons",),
    "campaign_entries": ("persons",),
    "women_share": ("percent",),
    "entries_per_commune": ("persons_per_commune",),
    "entries_ratio": ("times",),
    "plan_attainment": ("percent",),
    "plan_attainment_claim": ("percent",),
    "rank": ("rank",),
    # money
    "money": ("vnd",),
    "money_growth": ("percent",),
    "arrears_share": ("percent",),
    "arrears_limit": ("months",),
    "contribution_per_head": ("vnd_per_month",),
    "income_per_head": ("vnd_per_month", "vnd_per_year"),
    "example_income": ("vnd_per_month",),
    "state_subsidy_share": ("percent",),
    "pay_days_given": ("days",),
    "subsidy_paid": ("vnd",),
    "subsidized_months": ("months",),
    # people and places of the setting
    "population": ("persons",),
    "eligible": ("persons",),
    "labor_force": ("persons",),
    "communes": ("communes",),
    "minority_share": ("percent",),
    "wave": ("number",),
    "tourism_types": ("number",),
    # who collects and how they are driven
    "collectors": ("persons",),
    "collector_agencies": ("agencies",),
    "collection_points": ("points",),
    "collectors_per_commune": ("persons_per_commune",),
    "agencies_per_hamlet": ("agencies_per_hamlet",),
    "staff": ("persons",),
    "quota_per_agency": ("persons_per_month",),
    "quota_per_staff": ("persons_per_month", "persons_per_year"),
    "quota_attainment": ("percent",),
    "employers_per_staff": ("employers_per_year",),
    "lump_sums": ("persons",),
    "lump_sums_share": ("percent",),
    "lapses": ("persons",),
    "offices": ("offices",),
    "new_collector_agencies": ("agencies",),
    "members_per_collector": ("persons_per_collector",),
    "entries_per_collector": ("persons_per_collector",),
    # outreach
    "broadcasts": ("times_per_week",),
    "visits": ("visits",),
    "meetings": ("meetings",),
    "meeting_attendance": ("persons",),
    "meetings_per_district": ("meetings_per_month",),
    "entries_at_meetings": ("persons",),
    "entries_per_meeting": ("persons_per_meeting",),
    "entries_per_day": ("persons_per_day",),
    "campaign_groups": ("groups",),
    "group_size": ("persons_per_group",),
    "entries_per_group": ("persons_per_group",),
    "people_reached": ("persons",),
    "entries_per_reached": ("percent",),
    "saving_groups": ("groups",),
    "saving_members": ("persons",),
    "saving_boxes": ("boxes",),
    "outreach_points": ("points",),
    "campaign_days": ("days",),
    "model_communes": ("communes",),
    "model_communes_per_district": ("communes_per_district",),
    "districts_with_model_communes": ("districts",),
    "pilot_months": ("months",),
    "household_workers": ("persons",),
    "trained_share": ("percent",),
    "informed_share": ("percent",),
    "visited_share": ("percent",),
    "practice": ("none",),
    "document": ("none",),
}
"""Measures that a history row may carry and the units allowed for each; ``data/README.md`` says what each means."""

DENOMINATORS = (
    "labor_force",
    "eligible",
    "members",
    "population",
    "households",
    "floor_contribution",
    "outreach_staff",
    "collectors_and_hamlet_heads",
    "workers_and_employers",
    "lump_sums",
    "people_reached",
)
"""What a share may be a share of; an empty cell for what is no share."""
