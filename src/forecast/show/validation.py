"""What calibration found, in pictures and sentences: read from tables kept with the data, nothing is sampled here."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecast.beliefs import posterior
from forecast.beliefs.parameters import parameters_table, priors
from forecast.calibration.likelihood import SPREAD
from forecast.calibration.predictive_checks import LIMITS
from forecast.data import frames, tables
from forecast.language import words
from forecast.language.words import join, say, term
from forecast.show import calibration
from forecast.show.evidence import label
from forecast.show.picture import Picture

FOLDER = "posterior"  # in data/
WANTED = (0.7, 0.9), (0.88, 0.99)  # share of counts held back that 80% and 95% intervals should hold
NORMAL_95 = 1.6448536269514722  # 95% point of a standard normal


def read(folder: Path | None = None) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Return the kept tables by name and their manifest; data/posterior when no folder is given."""
    folder = Path(folder) if folder else tables.data_dir() / FOLDER
    told = folder / "manifest.json"
    if not told.is_file():
        raise tables.UserError(f"{folder}: no manifest.json; expected what forecast calibrate --store keeps")
    found = {path.stem: pd.read_csv(path) for path in sorted(folder.glob("*.csv"))}
    return found, json.loads(told.read_text(encoding="utf-8"))


def vintage(lang: str = "vi") -> words.Text:
    """Say whether what is kept was learned from the figures of today; empty while it was.

    >>> vintage("en") == "" or "learned from" in vintage("en")
    True
    """
    older = posterior.changed()
    if not older:
        return words.Text("")
    return say(
        lang,
        n=len(older),
        vi="**Lưu ý:** các tham số trên trang này được học từ những số liệu có trước khi bổ sung số liệu đến tháng "
        "12/2025; {n:n} mục đã học nay đã thay đổi. Vì thế các dự báo không dùng chúng cho đến khi học lại "
        "(`forecast calibrate --store`).",
        en="**Note:** the parameters on this page were learned from the figures that were there before those up to "
        "December 2025 were added; {n:n} items that were learned from have changed since. Forecasts therefore do not "
        "use them until they are learned again (`forecast calibrate --store`).",
    )


def standardized(draws: pd.DataFrame) -> pd.DataFrame:
    """Return draws of parameters in standard deviations of the prior that calibration began with.

    The inverse of `draws.between` (of `likelihood.Model.wider` for the spread of places), with the spread as
    `beliefs.parameters.priors` widens it by the distance of the studies.

    >>> standardized(pd.DataFrame({"entry_rate": [0.008, 0.02, 0.05]}))["entry_rate"].round(3).tolist()
    [-1.645, 0.0, 1.645]
    """
    found, widened = {}, priors()["widened"]
    for name, row in frames.pairs(parameters_table()[["value", "low", "high"]].astype(float)):
        if name in draws:
            least = row["low"] > 0
            share = row["high"] < 1 and least and name != SPREAD
            values = [draws[name].to_numpy(float), *row[["low", "value", "high"]]]
            logs = [np.log(v / (1 - v)) if share else np.log(v) if least else v for v in values]
            x, low, middle, high = logs
            side = np.where(x < middle, middle - low, high - middle)
            found[name] = NORMAL_95 * (x - middle) / side / widened.get(name, 1.0)
    return pd.DataFrame(found)


def answer(found: dict[str, pd.DataFrame], told: dict[str, Any], lang: str = "vi") -> words.Text:
    """Say how far the model can be trusted: do the chains agree, and do the checks come out right."""
    checks, diagnostics = found["checks"], found["diagnostics"]
    least = diagnostics[["ess_bulk", "ess_tail"]].min().min()
    return say(
        lang,
        n=len(found["predicted"]),
        rhat=diagnostics["rhat"].max(),
        ess=least,
        good=int(checks["good"].sum()),
        all=len(checks),
        low=LIMITS[0],
        high=LIMITS[1],
        vi="Mô hình học từ {n:n} số liệu công bố. Các chuỗi tính toán khớp nhau (R-hat cao nhất {rhat:n2}, ít nhất "
        "{ess:n} lần rút độc lập). **{good:n} trên {all:n} điều phải đúng** có xác suất từ {low:n2} đến "
        "{high:n2}.",
        en="The model learned from {n:n} published figures. Its chains agree (R-hat at most {rhat:n2}, at least "
        "{ess:n} independent draws). **{good:n} of {all:n} checks** have a p-value between {low:n2} and {high:n2}.",
    )


def before_after(draws: pd.DataFrame, lang: str = "vi") -> Picture:
    """Draw each parameter before and after the counts, under its name in words."""
    z = standardized(draws)
    return calibration.before_after(z.rename(columns={name: label(str(name), lang) for name in z}), lang)


def moved(table: pd.DataFrame, lang: str = "vi") -> Picture:
    """Draw which data moved which parameter, under their names in words."""
    named = {name: label(name, lang) for name in table["coordinate"].unique() if not name.startswith("opening/")}
    kept = table[table["coordinate"].isin(named)]
    sources = [named_place(n, lang) for n in kept["source"]]
    return calibration.moved(kept.assign(coordinate=kept["coordinate"].map(named), source=sources), lang)


def checks_table(table: pd.DataFrame, lang: str = "vi") -> words.Text:
    """Return the checks as a table: what was published beside what new counts would be, and the p-value."""
    rows = pd.DataFrame(
        {
            "item": [term(f"check.{i}", lang) for i in table["item"]],
            "published": [_figure(r.published, r.unit, lang) for r in frames.rows(table)],
            "interval": [_range(r, lang) for r in frames.rows(table)],
            "p_value": table["p_value"].to_numpy(),
        }
    )
    return words.table(rows, lang, {"item": "", "published": "", "interval": "", "p_value": "n2"})


def _range(row: Any, lang: str) -> str:
    """Return the interval of a check, its unit once."""
    low, high = (_figure(v, row.unit, lang) for v in (row.low, row.high))
    if " " in high:
        low = low.split(" ")[0]
    return say(lang, vi="{a} đến {b}", en="{a} to {b}", a=low, b=high)


def wrong_text(checks: pd.DataFrame, predicted: pd.DataFrame, lang: str = "vi") -> words.Text:
    """Say what the model gets wrong: checks outside the limits, the nearest to them, figures far from expected."""
    bad, edge = checks[~checks["good"].astype(bool)], frames.at(checks, (checks["p_value"] - 0.5).abs().idxmax())
    lines = [
        say(
            lang,
            item=term(f"check.{r.item}", lang),
            p=r.p_value,
            seen=_figure(r.published, r.unit, lang),
            range=_range(r, lang),
            vi="{item}: công bố {seen}, mô hình cho {range} (xác suất {p:n3}). Mô hình sai ở đây.",
            en="{item}: published {seen}, the model says {range} (p = {p:n3}). The model is wrong here.",
        )
        for r in frames.rows(bad)
    ]
    if bad.empty:
        lines.append(
            say(
                lang,
                item=term(f"check.{edge['item']}", lang),
                p=edge["p_value"],
                seen=_figure(edge["published"], edge["unit"], lang),
                range=_range(edge, lang),
                least=LIMITS[0],
                most=LIMITS[1],
                vi="Không điều nào ra ngoài giới hạn (xác suất từ {least:n2} đến {most:n2}). Sát giới hạn "
                "nhất: {item}, công bố {seen}, khoảng 90% của mô hình là {range} (xác suất "
                "{p:n2}).",
                en="No check is outside its limits (a p-value from {least:n2} to {most:n2}). The nearest to "
                "them: {item}, published {seen}, the model's 90% interval is {range} (p = {p:n2}).",
            )
        )
    outside = predicted[(predicted["published"] < predicted["low"]) | (predicted["published"] > predicted["high"])]
    far = outside.assign(off=np.log(outside["published"] / outside["median"]))
    far = far.loc[far["off"].abs().sort_values(ascending=False, kind="stable").index].head(5)
    kinds = {**{g: f"group.{g}" for g in ("poor", "near_poor", "ethnic_minority", "other")}}
    figures = []
    for r in frames.rows(far):
        name = "entries_per_commune" if r.item.endswith("entries a commune") else r.measure
        what = term(kinds.get(r.measure, f"measure.{name}"), lang)
        figures.append(
            say(
                lang,
                place=named_place(r.place, lang),
                what=what,
                month=r.month,
                seen=r.published,
                mid=r.median,
                off=np.expm1(abs(r.off)),
                vi="{place}, {what}, {month:t}: công bố {seen:a}, mô hình dự kiến {mid:a} (lệch {off:p})",
                en="{place}, {what}, {month:t}: published {seen:a}, expected {mid:a} (off by {off:p})",
            )
        )
    if not figures:
        return words.listing(lines)
    told = say(
        lang,
        vi="Những số liệu nằm ngoài khoảng 90% của mô hình, lệch nhiều nhất trước:",
        en="Figures outside the model's 90% interval, the farthest first:",
    )
    return join([words.listing(lines), told, words.listing(figures)])


def named_place(name: str, lang: str) -> str:
    """Return a place for people, where its name in the tables is made of two.

    >>> named_place("Hà Nội/30 xã điểm", "en"), named_place("Cà Mau", "en")
    ('Hà Nội, 30 model communes', 'Cà Mau')
    """
    return words.form(name, "place", lang)


def held_back(found: dict[str, pd.DataFrame], lang: str = "vi") -> words.Text:
    """Return what came of counts that were held back, by engine, or say that nobody has tried it with these draws."""
    if "held_out_summary" not in found:
        return say(
            lang,
            vi="Chưa có phép thử nào như vậy với bộ tham số này (<code>forecast calibrate --held-out</code>). "
            "Vì thế các dự báo trên trang khác vẫn dùng tham số trước khi học.",
            en="These parameters have not been tried so yet (<code>forecast calibrate --held-out</code>). That is why "
            "the forecasts of the other pages still use the parameters from before the counts.",
        )
    rows = found["held_out_summary"].sort_values("wis_log", kind="stable")
    own, others = rows[rows["engine"] == "model"].iloc[0], rows[rows["engine"] != "model"]
    better = [others[f"model_{score}"] < others[score] for score in ("wis", "wis_log")]
    never = others.loc[~(better[0] & better[1]), "engine"]
    names = ", ".join(term(f"engine.{name}", lang) for name in never)
    (low80, high80), (low95, high95) = WANTED
    said = say(
        lang,
        n=int(own["counts"]),
        a=own["covered80"],
        b=own["covered95"],
        c=low80,
        d=high80,
        e=low95,
        f=high95,
        vi="Trong **{n:n} số bị giấu**, khoảng 80% chứa **{a:p}** (mong muốn {c:p} đến {d:p}), khoảng 95% chứa "
        "**{b:p}** (mong muốn {e:p} đến {f:p}). ",
        en="Of **{n:n} counts held back**, 80% intervals hold **{a:p}** (wanted: {c:p} to {d:p}) and 95% intervals "
        "**{b:p}** (wanted: {e:p} to {f:p}). ",
    )
    verdict = (
        say(
            lang,
            vi="Trên cùng những số ấy, điểm của mô hình tốt hơn mọi cách còn lại, tính theo người cũng như theo tỷ lệ.",
            en="On the same counts the model's score is better than that of every other method, in persons and in "
            "logs.",
        )
        if never.empty
        else say(
            lang,
            names=names,
            vi="Mô hình **không** tốt hơn trên cùng những số ấy, theo người hoặc theo tỷ lệ: {names}.",
            en="On the same counts the model is **not** better, in persons or in logs, than: {names}.",
        )
    )
    forms = {"engine": "", "counts": "n", "covered80": "p", "covered95": "p", "wis": "n2", "same": "n2"}
    shown = rows.assign(wis=rows["wis_log"], same=rows["model_wis_log"])[list(forms)]
    same = say(lang, vi="điểm của mô hình trên cùng những số ấy", en="the model's score on the same counts")
    use = say(
        lang,
        vi="Dự báo trên các trang khác bắt đầu từ một tháng đã qua, còn bộ tham số này đã thấy những gì đến sau; "
        "vì thế chúng dùng tham số trước khi học, trừ khi được yêu cầu (<code>--posterior stored</code>).",
        en="Forecasts of other pages begin in a past month, and these parameters have seen what came after it; that is "
        "why they use the parameters from before the counts unless asked (<code>--posterior stored</code>).",
    )
    return join([said + verdict, words.table(shown, lang, forms, {"same": same}), use])


def method() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ranks and verdict of calibrations of invented districts, as `forecast calibrate --check` writes them."""
    folder = tables.data_dir() / "validation"
    return pd.read_csv(folder / "recovery.csv"), pd.read_csv(folder / "verdict.csv")


def found_again(verdict: pd.DataFrame, lang: str = "vi") -> words.Text:
    """Say whether invented parameters were found again on the toy district."""
    own = verdict[verdict["coordinate"] == "all"].iloc[0]
    return say(
        lang,
        n=int(own["times"]),
        p=own["uniform_p"],
        held=own["held"],
        vi="Đã làm như vậy {n:n} lần. Thứ hạng của giá trị thật trải đều (xác suất {p:n2}); khoảng 80% chứa "
        "giá trị thật trong {held:p} số lần.",
        en="This was done {n:n} times. The ranks of the truth are uniform (p = {p:n2}); 80% intervals hold the "
        "truth in {held:p} of the cases.",
    )


def _figure(value: float, unit: str, lang: str) -> str:
    if unit == "persons":
        return words.about(value, lang)
    digits = 1 if unit in ("percent", "points") else 2
    points, times = (" " + term(f"unit.{name}", lang) for name in ("percentage_points", "times"))
    more = {"percent": "%", "points": points, "times": times}
    return words.number(value, lang, digits) + more[unit]
