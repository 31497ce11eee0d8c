"""Campaigns of the year's end and others: who signs, where they live, and who goes on month by month."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.engines.people.draws import Drawn
from forecast.engines.people.prices import BANDS
from forecast.question.plan import GROUPS, Plan

G = len(GROUPS)


class Campaigns(NamedTuple):
    """People who sign in a campaign of the year's end or another, and go on month by month as long as they like.

    What is here is so under the status quo; a policy changes it through its plan.
    """

    signed: np.ndarray  # (months, draws) persons of the whole place who sign
    keep: np.ndarray  # (months, draws) chance that a campaign member pays for one month more
    closed: np.ndarray  # (months, draws) part of what lasting members gain by which a campaign shrinks: the plan is met
    lasting: np.ndarray  # (months, draws) lasting members of the whole place
    opened: np.ndarray  # (draws,) share of campaign members at the opening
    asked: np.ndarray  # (draws,) how much less those stop who are asked to go on
    share: np.ndarray  # (draws, communes, groups) where those who sign live

    def signing(self, plan: Plan, t: int, lasting: np.ndarray) -> np.ndarray:
        """Return who signs in month `t`, (draws, communes, groups), when there were `lasting` (draws,) before it."""
        persons = np.maximum(self.signed[t] - self.closed[t] * (lasting - self.lasting[t - 1]), 0.0)
        here = persons[:, None] * (1 - plan.campaign_cut[t])
        if plan.campaign_moved[t].any():
            december = t + 12 - plan.months[t].month
            if december < len(self.signed):
                here = here + self.signed[december][:, None] * plan.campaign_moved[t]
        signed: np.ndarray = here[:, :, None] * self.share
        return signed

    def kept(self, plan: Plan, t: int) -> np.ndarray:
        """Return the chance of a campaign member to go on for a month, (draws, communes)."""
        stop = 1 - plan.campaign_kept[t] * self.asked[:, None]
        go_on: np.ndarray = 1 - (1 - self.keep[t])[:, None] * stop
        return go_on


def campaigns_of(
    months: pd.PeriodIndex,
    cells: np.ndarray,
    drawn: Drawn,
    opening: np.ndarray,
    shape: tuple[int, int],
    opened: np.ndarray | None,
) -> Campaigns:
    """Return campaigns before it is known how many sign: those who do live where members live.

    `cells` are persons (cells,), `opening` members (draws, cells), `shape` is (months, draws), `opened` the share of
    campaign members at the opening where it is known.
    """
    nobody = np.zeros(shape)
    keep = drawn["campaign_stay"] ** (1 / 3)
    there = opening.reshape(shape[1], -1, G, BANDS).sum(axis=3) + 1e-9 * cells.reshape(-1, G, BANDS).sum(axis=2)
    if opened is None:
        since = months[0].month % 12  # months since December
        left = drawn["campaign_rise"] * keep**since if since <= 6 else nobody[0]
        opened = left / (1 + left)
    return Campaigns(
        signed=nobody,
        keep=np.tile(keep, (shape[0], 1)),
        closed=nobody,
        lasting=nobody,
        opened=opened,
        asked=drawn["renewal_contact"],
        share=there / there.sum(axis=(1, 2), keepdims=True),
    )
