"""A plain model of the same people: one `mesa.Agent` for each of them, month by month, in ordinary Python.

It exists to be compared with the compiled engine, so it shares as little with it as can be. Shared are the functions of
`hazards`, `prices` and `teams` (as plain Python), the plan, the parameters, and how many people live in each cell and
are members at the opening (`make_world`). Everything else is written here again, the slow and plain way: each person
has a frailty and enters, leaves, lapses and returns by the month's chance; nobody has a resistance, a rank or a clock.
"""

import math
import random
from typing import NamedTuple

import mesa
import numpy as np

from forecast.data import tables
from forecast.engines.people import agents, hazards, prices, records, teams
from forecast.engines.people.draws import parameter_draws
from forecast.engines.people.following import world_of
from forecast.question.plan import GROUPS
from forecast.question.scenario import Scenario

OUTSIDE, MEMBER, LAPSED, GONE = "outside", "member", "lapsed", "gone"
STOCKS = ("members", "active_9of12")
FLOWS = ("entries", "returns", "lapses", "exits_compulsory", "exits_other", "paid_months")
MONEY = ("paid_members", "paid_state", "paid_province", "paid_donors")
MEASURES = STOCKS + FLOWS + MONEY
G, BANDS = len(GROUPS), prices.BANDS
POOR, NEAR_POOR, MINORITY, OTHER = range(4)

lapse_hazard, tenure_factor = hazards.lapse_hazard.py_func, hazards.tenure_factor.py_func
lapse_chance, spell_of = hazards.lapse_chance.py_func, hazards.spell_of.py_func
declared_multiple = hazards.declared_multiple.py_func


class Price(NamedTuple):
    """Who pays for one month at the floor, as shares of the contribution; and the contribution, VND."""

    contribution: float
    state: float
    province: float
    donors: float

    @property
    def net(self) -> float:
        return self.contribution * (1 - self.state - self.province - self.donors)


class Setting:
    """What all persons of a scenario face, for one set of parameters: prices and chances by month, commune, group."""

    def __init__(self, scenario: Scenario, seed: int):
        self.scenario, self.plan = scenario, scenario.plan
        drawn = parameter_draws(scenario, seed, range(1))
        self.drawn, self.d = drawn, {name: float(values[0]) for name, values in drawn.items()}
        self.first = tables.month_index(self.plan.months[0])
        law, lineage, months = scenario.law, scenario.place.lineage, self.plan.months
        at_floor = [[law.price(group, month, lineage) for group in GROUPS] for month in months]
        now = [law.price(group, law.base_month) for group in GROUPS]
        income = prices.incomes(scenario, drawn)[0]  # (groups, bands) at the reference month
        base = prices.base_acceptance(drawn, law)[0]
        communes = range(len(self.plan.communes))
        self.ceiling = [law.value("max_declared_income", m) / law.value("min_declared_income", m) for m in months]
        self.price, self.accept, self.rise, self.full_rise = [], [], [], []
        for t, month in enumerate(months):
            grown = income * (1 + self.d["income_growth"]) ** prices.years_from_base(str(month), law)
            here = [[self._price(at_floor[t][g], t, c, g) for g in range(G)] for c in communes]
            self.price.append(here)
            self.accept.append(
                [
                    [(prices.acceptance(here[c][g].net, grown[None, g], drawn)[0] / base).tolist() for g in range(G)]
                    for c in communes
                ]
            )
            self.rise.append(
                [[(here[c][g].net / grown[g] - now[g].net / income[g]).tolist() for g in range(G)] for c in communes]
            )
            self.full_rise.append(
                [(here[0][g].contribution / grown[g] - now[g].net / income[g]).tolist() for g in range(G)]
            )
        self.spells = hazards.spells(months, law)[0]  # the toy law has the same modes of payment in all months
        self.subsidy_months = law.subsidy_months(months[0])
        self.subsidized = max(0, self.first - law.first_subsidized_month + 1)
        self.rules = teams.TeamRules.of(drawn)
        self.other_exits = hazards.other_exits(months, drawn, law)[:, 0].tolist()
        self.entry_hazard = float(hazards.entry_hazard(drawn)[0])
        floors = np.array([law.value("min_declared_income", month) for month in months])
        self.floor = (floors / floors[0]).tolist()
        self.announced = prices.announced(months, law).tolist()
        self.lapse = {k: lapse_hazard(self.d["annual_lapse"], int(s)) for k, s in enumerate(self.spells.months)}

    def _price(self, law_price, t: int, c: int, g: int) -> Price:
        state = law_price.state / law_price.gross
        province = min(law_price.local / law_price.gross + self.plan.top_up[t, c, g], 1 - state)
        return Price(law_price.gross, state, province, min(self.plan.top_up_donors[t, c, g], 1 - state - province))


class Person(mesa.Agent):
    """One eligible person, from the day they are counted to the day they leave for good."""

    def __init__(self, model: "Commons", c: int, g: int, band: int, frailty: float):
        super().__init__(model)
        self.c, self.g, self.band, self.frailty = c, g, band, frailty
        self.cell = (c * G + g) * BANDS + band
        self.state, self.kind = OUTSIDE, ""
        self.subsidized, self.away, self.paid = 0, 0, []

    def step(self) -> None:
        """Live a month."""
        if self.state is OUTSIDE:
            model = self.model
            if model.found[self.c] and model.luck() < -math.expm1(-model.found[self.c]):
                self.remove()  # an inspection has moved them to compulsory insurance
                return
            if model.luck() >= -math.expm1(-self.frailty * model.push[self.cell]):
                return
            self.enter()
        elif self.state is MEMBER:
            self.stay_or_go()
        else:
            self.come_back_or_not()
        if self.state is MEMBER:
            self.be_counted()

    def be_counted(self) -> None:
        """Stand in the month's book as a member, and perhaps as one who has paid 9 of the last 12 months."""
        self.model.count("members", self)
        self.paid.append(self.model.t)
        if len(self.paid) >= 9:
            self.paid = [month for month in self.paid if month > self.model.t - 12]
            self.model.count("active_9of12", self, len(self.paid) >= 9)

    def enter(self, gift: int | None = None, signs: bool = False) -> None:
        """Become a member for the first time; `gift` is the spell of a book, `signs` says that a campaign brings it."""
        model = self.model
        self.declares()
        self.joined = model.t
        model.count("entries", self)
        on_paper = gift is None and not signs and model.luck() < model.on_paper[self.c]
        self.begin(signs or on_paper, gift)

    def declares(self) -> None:
        """Choose an income for good, in floors of the opening: fewer of the poor and near-poor above the floor."""
        model, d = self.model, self.model.d
        above = (1 - d["floor_share"]) * (d["poor_above_floor"] if self.g in (POOR, NEAR_POOR) else 1)
        multiple = declared_multiple(model.luck(), model.luck(), 1 - above, d["declared_tail"])
        self.declared = multiple * model.setting.floor[model.t]

    def begin(self, signs: bool, gift: int | None = None) -> None:
        """Be a member from this month on."""
        self.state, self.kind = MEMBER, "gifted" if gift is not None else "campaign" if signs else ""
        self.pay(signs, gift)

    def pay(self, signs: bool, gift: int | None = None) -> None:
        """Pay for a spell at today's price; for a gift the donors pay what the state does not."""
        model = self.model
        advised = float(model.plan.advice[model.t, self.c])
        advised += (1 - advised) * model.d["prepaying"] * model.setting.announced[model.t]
        self.spell = gift if gift is not None else spell_of(model.luck(), signs, advised, model.setting.spells)
        months = int(model.setting.spells.months[self.spell])
        self.due = model.t + months
        supported = min(months, max(0, model.setting.subsidy_months - self.subsidized))
        self.subsidized += supported
        price = model.price[self.c][self.g]
        state = supported * price.contribution * price.state
        model.count("paid_months", self, months)
        model.count("paid_state", self, state)
        if gift is not None:
            model.count("paid_donors", self, months * price.contribution - state)
            return
        own = max(self.declared / model.setting.floor[model.t], 1)
        declared = months * price.contribution * min(own, model.ceiling)
        province, donors = (supported * price.contribution * share for share in (price.province, price.donors))
        model.count("paid_province", self, province)
        model.count("paid_donors", self, donors)
        model.count("paid_members", self, declared - state - province - donors)

    def stay_or_go(self) -> None:
        """Leave for good, or else renew or lapse when the paid months have run out."""
        model = self.model
        compulsory, other = model.to_compulsory[self.c], model.to_other
        if model.luck() < -math.expm1(-(compulsory + other)):
            moved = model.luck() * (compulsory + other) < compulsory
            model.count("exits_compulsory" if moved else "exits_other", self)
            self.be_gone()
        elif self.due == model.t:
            hazard = model.lapse[self.spell] * tenure_factor(
                model.t - self.joined - self.away, model.d["tenure_effect"]
            )
            used_up = self.subsidized >= model.setting.subsidy_months
            rise = (model.full_rise if used_up else model.rise[self.c])[self.g][self.band]
            hazard *= math.exp(model.d["renewal_price_response"] * rise)
            called = model.luck() < model.called[self.c]
            stop = 1 - model.keep ** int(model.setting.spells.months[self.spell])
            keep = model.d["renewal_contact"], stop, model.d["gift_retention"]
            if model.luck() < lapse_chance(hazard, called, self.kind == "campaign", self.kind == "gifted", *keep):
                self.state, self.lapsed = LAPSED, model.t
                model.count("lapses", self)
            else:
                self.kind = "campaign" if self.kind == "campaign" else ""
                self.pay(self.kind == "campaign")

    def come_back_or_not(self) -> None:
        """Return to membership, or take the contributions out and be gone."""
        model = self.model
        rise = model.rise[self.c][self.g][self.band]
        coming = model.returning[self.c] * math.exp(-model.d["renewal_price_response"] * rise)
        withdrawing = model.d["lump_sum_rate"] / 12
        if model.luck() < -math.expm1(-coming - withdrawing):
            if model.luck() * (coming + withdrawing) < coming:
                model.count("returns", self)
                self.away += model.t - self.lapsed
                self.begin(signs=False)
            else:
                self.be_gone()

    def be_gone(self) -> None:
        """Leave the model for good."""
        self.state = GONE
        self.remove()

    def was_member(self, spell: int, due: int, tenure: int, signed: bool, subsidized: int) -> None:
        """Have a past as a member, at the opening."""
        self.declares()
        self.state, self.kind, self.spell, self.due = MEMBER, "campaign" if signed else "", spell, due
        self.joined, self.subsidized = 1 - tenure, subsidized
        self.paid = list(range(1 - min(tenure, 12), 1))


class Commons(mesa.Model):
    """The people of a place in one draw; also what each team does, in the order of a month."""

    def __init__(self, setting: Setting, world, i: int, draw: int):
        """Take the people and the members at the opening from a world, and who signs for campaigns, in its draw `i`."""
        super().__init__(rng=0)
        self.setting, self.plan, self.d, self.lapse = setting, setting.plan, setting.d, setting.lapse
        self.luck = random.Random(f"reference {draw}").random
        self.chance = random.Random(f"reference {draw}, the less usual distributions")
        table = setting.scenario.place.communes
        self.households, self.eligible = table["households"].tolist(), table["eligible"].tolist()
        self.communes, self.cells, self.t = len(self.eligible), world.cells.tolist(), 0
        campaigns = world.campaigns
        self.keep, self.opened_by_campaign = float(campaigns.keep[0, i]), float(campaigns.opened[i])
        self.signing = campaigns.signed[:, i, None, None] * campaigns.share[i]
        self.pulled = [0.0] * self.communes
        self._people(world.opening[i].tolist())
        self.members, _ = self._look()
        self.opened = self.members
        due = np.array(self.members)[:, None] / hazards.TYPICAL_SPELL
        collectors = setting.scenario.status_quo_plan.collectors[0][:, None]
        reach = teams.reference_reach(collectors, np.array(self.households)[:, None], due, setting.drawn)
        self.reach = reach[:, 0].tolist()

    def _people(self, opening: list[int]) -> None:
        """Make everybody; members are the readiest of their cell, which tells of the frailty of those who are not."""
        shape = self.d["frailty_shape"]
        frailty_left = people_left = 0.0
        for j, (n, m) in enumerate(zip(self.cells, opening, strict=True)):
            place = (j // (G * BANDS), j // BANDS % G, j % BANDS)
            # The share (1 + P/k)^-k has not enrolled under a pressure P; what is known of them is gamma(k, k + P).
            left = (n - m) / n if n > m else 1.0
            pressure = shape * (left ** (-1 / shape) - 1)
            for i in range(n):
                if i >= m:
                    Person(self, *place, self.chance.gammavariate(shape, 1 / (shape + pressure)))
                    continue
                signed = self.luck() < self.opened_by_campaign
                spells = self.setting.spells
                weights = spells.campaign if signed else spells.usual * spells.months  # long spells are met more often
                spell = self.chance.choices(range(len(spells.months)), weights)[0]
                tenure = 1 if signed else min(1 + int(self.chance.expovariate(1 / 24)), 150)
                subsidized = min(tenure, self.setting.subsidized)
                due = self.chance.randint(1, int(spells.months[spell]))
                Person(self, *place, 1.0).was_member(spell, due, tenure, signed, subsidized)
            frailty_left += (n - m) * shape / (shape + pressure)
            people_left += n - m
        # The readiest are in; the hazard that was measured is that of the ones who are left.
        self.base = self.setting.entry_hazard / (frailty_left / people_left)

    def _look(self) -> tuple[list[int], list[int]]:
        """Count members, and those of them whose paid months run out this month, by commune."""
        members, due = [0] * self.communes, [0] * self.communes
        for person in self.agents:
            if person.state is MEMBER:
                members[person.c] += 1
                due[person.c] += person.due == self.t
        return members, due

    def count(self, measure: str, person: Person, number: float = 1) -> None:
        """Write something that a person did into the month's book."""
        self.book[measure][person.c * G + person.g] += number

    def step(self) -> None:
        """Live a month."""
        self.t += 1
        t, setting = self.t, self.setting
        month = setting.first + t
        self.book = {measure: [0.0] * (self.communes * G) for measure in MEASURES}
        self.members, due = self._look()
        self.price, self.ceiling = setting.price[t], setting.ceiling[t]
        self.rise, self.full_rise, self.to_other = setting.rise[t], setting.full_rise[t], setting.other_exits[t]
        self.push, self.on_paper, self.called, self.returning, self.to_compulsory, self.found = [], [], [], [], [], []
        for c in range(self.communes):
            self._outreach(c, due[c], month)
        if month % 12 == 0:
            self._new_year()
        self.agents.do("step")
        self._give()
        self._sign()

    def _outreach(self, c: int, due: int, month: int) -> None:
        """Let the team of a commune decide, and turn what it does into this month's chances."""
        t, d, plan = self.t, self.d, self.plan
        years = (month // 12 * 12 + 11 - self.setting.first) / 12
        goal = self.opened[c] * (1 + d["plan_growth"]) ** years
        columns = {"extra_visits": "visits"}
        row = [float(getattr(plan, columns.get(name, name))[t, c]) for name in teams.PLANNED]
        seen = [np.array([float(x)]) for x in (1, due, self.members[c], goal)]
        hours = teams.team_month(teams.Seen(*row, *seen), self.setting.rules)
        visits, called = (float(x[0]) for x in hours)
        at = {
            name: float(getattr(plan, name)[t, c])
            for name in (
                "assisted",
                "training",
                "model",
                "meetings",
                "drives",
                "broadcasts",
                "cadres",
                "order",
                "quota",
            )
        }
        reach = (1 - math.exp(-visits / self.households[c])) / self.reach[c]
        door = d["visit_share"] * reach * (1 - at["assisted"] + at["assisted"] * d["assisted_ratio"])
        door *= 1 + d["training_gain"] * at["training"]
        by_mouth = (1 - d["visit_share"]) * (1 + d["peer_effect"] * self.members[c] / self.eligible[c])
        model = 1 - at["model"] + at["model"] * d["model_commune_ratio"]
        heard = 1 - 0.9048374180359595 ** at["broadcasts"]
        drive = d["drive_yield"] * at["drives"]
        pulse = drive + d["meeting_yield"] * at["meetings"] / self.eligible[c]
        owed = self.pulled[c] / 2
        self.pulled[c] = owed + d["drive_pulled_forward"] * drive
        for g in range(G):
            tongue = at["cadres"] + (1 - at["cadres"]) * d["language_factor"] if g == MINORITY else 1.0
            order = at["order"] * d["creaming"] * (1 if g == OTHER else -1)
            ordinary = door * tongue * (1 + order) + by_mouth * (1 + d["mass_information"] * heard * tongue)
            all_in = self.base * model * ordinary + pulse
            contact = max(all_in - owed, all_in / 5)
            self.push += [contact * yes for yes in self.setting.accept[t][c][g]]
        by_visit = self.base * model * door / (self.base * model * (door + by_mouth) + pulse)
        self.on_paper.append(by_visit * d["quota_paper_share"] if at["quota"] > 0 else 0.0)
        self.called.append(called)
        self.returning.append(d["return_rate"])
        left = teams.ordinary_visits(row[0], self.opened[c] / hazards.TYPICAL_SPELL, self.setting.drawn)
        hours = min(row[6], float(left[0]) / teams.INSPECTION_COST)
        inspected = 1 + d["inspection_effect"] * hours / (self.eligible[c] / 1000)
        self.to_compulsory.append(d["transfer_rate"] / 12 * inspected)
        self.found.append(d["transfer_rate"] / 12 * (inspected - 1))

    def _new_year(self) -> None:
        """Some who never enrolled leave the pool for good; others become eligible."""
        for person in list(self.agents):
            if person.state is OUTSIDE and self.luck() < self.d["eligible_exit_rate"]:
                person.remove()
        shape = self.d["frailty_shape"]
        for j, n in enumerate(self.cells):
            for _ in range(n):
                if self.luck() < self.d["eligible_entry_rate"]:
                    frailty = self.chance.gammavariate(shape, 1 / shape)
                    Person(self, j // (G * BANDS), j // BANDS % G, j % BANDS, frailty)

    def _give(self) -> None:
        """Give books to people who never enrolled, picked at random."""
        gift = self.plan.gift[self.t]
        for c, g in zip(*np.nonzero(gift), strict=True):
            count = int(gift[c, g] + self.luck())
            if not count:
                continue
            free = [p for p in self.agents if p.state is OUTSIDE and p.c == c and p.g == g]
            spell = int(np.searchsorted(self.setting.spells.months, self.plan.gift_months[self.t, c, g]))
            for person in self.chance.sample(free, min(count, len(free))):
                person.enter(gift=spell)
                person.be_counted()

    def _sign(self) -> None:
        """Let people who never enrolled sign for a campaign, picked at random."""
        signing = self.signing[self.t]
        for c, g in zip(*np.nonzero(signing), strict=True):
            count = int(signing[c, g] + self.luck())
            free = [p for p in self.agents if p.state is OUTSIDE and p.c == c and p.g == g]
            for person in self.chance.sample(free, min(count, len(free))):
                person.enter(signs=True)
                person.be_counted()


def run(scenario: Scenario, draws: range, seed: int) -> np.ndarray:
    """Return (draws, months, MEASURES, communes, groups); parameters must be fixed numbers, and luck is its own."""
    setting, world = Setting(scenario, seed), world_of(scenario, draws, seed)
    shape = (len(draws), len(setting.plan.months), len(MEASURES), len(world.numbers), G)
    values = np.zeros(shape)
    for i, draw in enumerate(draws):
        model = Commons(setting, world, i, draw)
        values[i, 0, 0] = world.opening[i].reshape(*shape[3:], BANDS).sum(axis=2)
        for t in range(1, shape[1]):
            model.step()
            values[i, t] = np.array([model.book[measure] for measure in MEASURES]).reshape(shape[2:])
        model.remove_all_agents()
    return values


def engine(scenario: Scenario, draws: range, seed: int, team: type[agents.Team] = agents.Team) -> np.ndarray:
    """Return what the compiled engine says, in the form of `run`."""
    model, world = agents.Offices(team), world_of(scenario, draws, seed)
    model.load(world)
    shape = (len(draws), len(world.plan.months), len(MEASURES), len(world.numbers), G)
    values = np.zeros(shape)
    values[:, 0, 0] = world.opening.reshape(len(draws), -1, G, BANDS).sum(axis=3)
    at = [MEASURES.index(name) for name in records.FLOWS]
    signs = {"entries": 1, "returns": 1, "lapses": -1, "exits_compulsory": -1, "exits_other": -1}
    for t in range(1, shape[1]):
        model.step()
        values[:, t, at] = model.flows[..., : records.NEWLY].transpose(0, 3, 1, 2)
        change = sum(sign * values[:, t, MEASURES.index(name)] for name, sign in signs.items())
        values[:, t, 0] = values[:, t - 1, 0] + change
        assert np.array_equal(values[:, t, 0].sum(axis=2), model.members().T)  # the ledger balances
    return values
