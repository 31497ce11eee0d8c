"""All that a question says, as a hash."""

import hashlib
from dataclasses import fields

from forecast.data.law import Law
from forecast.question.scenario import Scenario


def fingerprint(scenario: Scenario) -> str:
    """Hash of all that a scenario says: place, law, plan, assumptions, months and target."""
    digest = hashlib.sha256()
    digest.update(scenario.model_dump_json(exclude={"place", "law", "title", "file"}).encode())
    facts = [f.name for f in fields(scenario.place) if f.name not in ("communes", "history")]
    digest.update(repr([getattr(scenario.place, name) for name in facts]).encode())
    for frame in (scenario.place.communes, scenario.place.history, scenario.law.frame):
        digest.update(frame.to_csv().encode())
    if scenario.law.base_month != Law.base_month:
        digest.update(scenario.law.base_month.encode())
    digest.update(f"{scenario.learned} {scenario.sets.digest if scenario.sets else ''}".encode())
    return digest.hexdigest()
