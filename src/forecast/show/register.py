"""What tables and pictures tell the register of published figures (`answer.stated`): each number with its question."""

import pandas as pd

from forecast.answer import stated
from forecast.data import frames
from forecast.data.vocabulary import AS_IS
from forecast.desk.board import targets

ENGINE = "campaign"
ENDS = ("low", "high")


def policies(outcomes: pd.DataFrame, kind: str = "") -> None:
    """Tell what policies add, the chance, and what each payer pays more; `kind` stands behind the policy's name."""
    rows = outcomes.assign(scenario=outcomes["policy"] + kind, engine=ENGINE)
    when = {"year": "after a year", "goal": "in the end"}
    names = {f"added_{at}": f"median {moment}" for at, moment in when.items()}
    names |= {f"{end}_{at}": f"{end} {moment}" for end in ENDS for at, moment in when.items()}
    names |= {"added_december": "median of members in the December after"} if "added_december" in outcomes else {}
    names |= {"chance": f"probability of the target of {targets.GOAL}", "price": "VND of a member-year, median"}
    names |= {column: f"VND more in a year, {column}" for column in map(str, outcomes) if column.startswith("more_")}
    names |= {column: column for column in ("support", "size", "first") if column in outcomes}
    stated.tell(stated.rows(rows, names, month=targets.GOAL, measure="lasting_members added"))


def undone(cost: pd.DataFrame) -> None:
    """Tell who pays what in the first year of the rise, and what if it were undone."""
    rows = cost.assign(scenario=AS_IS, engine=ENGINE)
    stated.tell(stated.rows(rows, {"undone": "median, the rise undone", "usual": "median"}, measure="VND of a year"))


def prices(effects: pd.DataFrame) -> None:
    """Tell how many more there would be without the rise, by two ways."""
    names = {name: name for name in map(str, effects) if name != "place"}
    rows = effects.assign(scenario=AS_IS, engine=ENGINE)
    stated.tell(stated.rows(rows, names, measure="share of lasting_members more without the rise"))


def plans(table: pd.DataFrame, year: int) -> None:
    """Tell the plan of each place for each chance, and what is left of it in March."""
    names = {name: name for name in ("plan", "over_last", "met", "left", "left_low", "left_high")}
    for chance, rows in table.groupby("chance"):
        asked = rows.assign(scenario=f"plan met with {chance:g}", engine=ENGINE)
        stated.tell(stated.rows(asked, names, month=f"{year}-12", measure="members"))


def communes(table: pd.DataFrame, year: int) -> None:
    """Tell the plan of each commune."""
    rows = table.assign(place=table["commune"], scenario="plan", engine="agents")
    stated.tell(stated.rows(rows, {"plan": "share of the province's plan"}, month=f"{year}-12", measure="members"))


def five(rows: pd.DataFrame) -> None:
    """Tell where the places of the articles stand, in whole persons as the board does, which has a province of them."""
    asked = rows.round().assign(place=rows["en"], scenario=AS_IS, engine=ENGINE)
    people = {name: f"median, {name}" for name in ("now", "december", "march", "goal")}
    stated.tell(stated.rows(asked, people, measure="members"))
    lasting = {"goal_lasting": "median", "low": "low", "high": "high", "taken": "median taken by the rise"}
    stated.tell(stated.rows(asked, lasting, month=targets.GOAL, measure="lasting_members"))


def held(hindcasts: pd.DataFrame) -> None:
    """Tell what boards of earlier months said of later counts."""
    rows = hindcasts.assign(scenario="board of " + hindcasts["seen"].astype(str), engine=ENGINE)
    stated.tell(stated.rows(rows, {"median": "median", "low": "low of 80%", "high": "high of 80%"}, measure="members"))


def ladder(table: pd.DataFrame) -> None:
    """Tell the interval of each place and the part of each source in its width."""
    rows = table.assign(engine="pooled")
    stated.tell(stated.rows(rows, {name: name for name in stated.QUANTILES}, measure="headline of the study"))
    parts = rows.assign(measure="width of the headline of the study that is " + rows["source"].astype(str))
    stated.tell(stated.rows(parts, {"share": "share", "width": "persons"}))


def next_statistics(table: pd.DataFrame) -> None:
    """Tell by how much each statistic would narrow the interval of a place."""
    rows = table.assign(engine="pooled", measure="interval with " + table["statistic"].astype(str))
    stated.tell(stated.rows(rows, {"width": "width", "narrower": "narrower"}))


def factors(table: pd.DataFrame, place: str, columns: tuple[str, ...]) -> None:
    """Tell what each factor does to the headline of a place."""
    rows = table.assign(place=place, scenario="", engine="stock", measure=table["factor"])
    stated.tell(stated.rows(rows, {name: f"{name} on the headline of the study" for name in columns}))


def ways(alternatives: pd.DataFrame) -> None:
    """Tell how much of each single lever a target takes, with what probability, and what it costs."""
    names = {"needed": "amount", "probability_reached": "probability", "total": "VND, mean"}
    for row in frames.records(alternatives):
        asked = f"{row['way']} alone for {row['wanted']:g}"
        stated.tell(stated.rows(pd.DataFrame([row]), names, measure=asked, month=row["by"]))
