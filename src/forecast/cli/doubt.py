"""The command about doubt: how wide forecasts are and why, what to count next, what moves the headline."""

from pathlib import Path

from forecast.cli.common import (
    PARTS,
    aimed,
    believing,
    claim,
    finish,
    read_scenarios,
    with_cluster,
    with_force,
    with_jobs,
    with_lang,
    with_learned,
    with_out,
    with_scenarios,
    with_seed,
)
from forecast.cli.frame import command
from forecast.cli.terminal import tell, typed


@command()
@with_scenarios
@with_learned
@with_seed
@with_jobs
@with_cluster
@with_out
@with_force
@with_lang
def sensitivity(
    *, scenarios: tuple[Path, ...], learned: str, seed: int, jobs: int | None, out: Path, force: bool, lang: str
) -> None:
    """Say why the forecasts of SCENARIOS are as wide as they are; writes ladder.csv, next.csv and others.

    For each scenario: the width of the interval by source (ladder.csv), and the statistic that would narrow the
    decision most if it were published (next.csv). For the last one: which parameters and levers move the headline,
    by Morris's screening (morris.csv) and Sobol's indices (sobol.csv), the agents beside it (agents.csv), and what
    the same luck in all runs saves (pairing.csv). Some minutes a scenario; a run that was stopped goes on.
    """
    from forecast.show import brief_trust
    from forecast.uncertainty import study

    questions = aimed(believing(read_scenarios(scenarios), learned))
    plan = study.Plan(sets=24, judged=2, repeats=2) if questions[-1].follows else study.Plan()
    claim(out, force)
    result = study.study(questions, plan, seed=seed, jobs=jobs, keep=out / PARTS)
    facts = {
        "scenarios": [q.scenario for q in questions],
        "seed": seed,
        "plan": plan._asdict(),
        "learned": learned,
    }
    study.write(result, out)
    files = finish(out, facts | study.made_from())
    tell(brief_trust.studied(result, lang), out, files, typed("target", scenarios[-1]))
