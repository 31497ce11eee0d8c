"""The board in words, tables and one picture: today's questions for the nation and every province."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from forecast.answer import stated
from forecast.data import frames, tables
from forecast.data.files import ROOT
from forecast.data.vocabulary import AS_IS, NATION
from forecast.desk.board import targets
from forecast.desk.board.board import Board
from forecast.language import words
from forecast.language.words import Text, join, say
from forecast.show import narrow, vintage
from forecast.show.marks import INK, MUTED, number
from forecast.show.picture import GRID, LOOKS, TARGET, Picture, capital, redrawn, style

HALF = 0.5  # the chance at which provinces are told apart
ROW, TOP, SMALL, FOOT, WIDTH = 0.62, 1.5, 1.12, 0.75, 6.4  # inches: of a tile, the head, a small picture, the foot
MAP_ROWS, MAP_COLUMNS, SMALL_COLUMNS = 16, 5, 4
SHADES = ("#f3e3cf", "#d9dcc4", "#a9c3cf", "#5d8fb8", "#1b5e9b")  # from unlikely to likely


def short(place: str) -> str:
    """Return the name of a province without the year in which it was put together.

    >>> short("Cà Mau (2025)")
    'Cà Mau'
    """
    return place.partition(" (")[0]


def foot(board: Board, lang: str = "vi") -> Text:
    """Return when the board was made, what it knows, and which law it assumes."""
    return vintage.line(board.asked.known_history, board.asked.known_law, board.asked.month, lang)


def counted(board: Board) -> pd.DataFrame:
    """Return the rows of a board whose chances know how many draws they rest on, index place."""
    rows = board.rows.assign(draws=board.asked.draws).set_index("place", drop=False)
    for name in (column for column in map(str, board.rows) if column.startswith("chance_")):
        rows = words.counted(rows, name)
    return rows


def title(board: Board, lang: str = "vi") -> Text:
    """Return the finding in one sentence: the chance of the nation, and how many provinces are more likely than not."""
    rows = counted(board)
    provinces = rows.drop(index=NATION)
    return say(
        lang,
        vi="Khả năng cả nước có ít nhất {goal:n} người tham gia bền vững vào cuối năm 2030 là {p:c}; {k:n} trong "
        "{n:n} tỉnh, "
        "thành có khả năng trên {half:p}",
        en="Probability {p:c} that the nation has {goal:n} lasting members at the end of 2030; above {half:p} "
        "in {k:n} of "
        "{n:n} provinces",
        goal=frames.at(rows, NATION, "target_goal"),
        p=frames.at(rows, NATION, "chance_goal_lasting"),
        k=sum(chance.share > HALF for chance in provinces["chance_goal_lasting"]),
        n=len(provinces),
        half=HALF,
    )


def answer(board: Board, lang: str = "vi") -> Text:
    """Return today's answers for the nation: this December and March, 2028, 2030, and the rise of the floor."""
    tell(board)
    row = counted(board).loc[NATION].to_dict()
    year = tables.month(board.asked.month)
    december = f"{year.year + (year.month == 12)}-12"
    sentences = [
        say(
            lang,
            vi="**Cuối {m:T}:** {a:a} người tham gia (khoảng dự báo 90%: {b:a} đến {c:a}), trong đó {d:a} "
            "người tham gia bền vững (không kể người chỉ vào trong đợt cao điểm cuối năm). Số thực hiện gần nhất: "
            "{n:n}, {last}.",
            en="**At the end of {m:T}:** {a:a} members (90% interval {b:a} to {c:a}), of whom {d:a} are "
            "lasting (without those whom a campaign of the year's end brought). Latest count: {n:n}, {last}.",
            m=board.asked.month,
            a=row["median_now"],
            b=row["low_now"],
            c=row["high_now"],
            d=row["median_now_lasting"],
            n=row["count_members"],
            last=vintage.old(row["count_month"], row["count_age"], lang),
        ),
        say(
            lang,
            vi="**Đợt cao điểm cuối năm nay:** {a:a} người vào {m:t} ({b:a} đến {c:a}), còn {d:a} vào tháng 3 "
            "({e:a} đến {f:a}).",
            en="**This year's end:** {a:a} members in {m:t} ({b:a} to {c:a}), {d:a} in March ({e:a} to {f:a}).",
            m=december,
            a=row["median_december"],
            b=row["low_december"],
            c=row["high_december"],
            d=row["median_march"],
            e=row["low_march"],
            f=row["high_march"],
        ),
        say(
            lang,
            vi="**Rà soát {m:T}** (mốc {g:n}, suy ra): khả năng đạt {p:c}; chỉ tính người tham gia bền vững: {q:c}.",
            en="**Review of {m:T}** (mark {g:n}, derived): probability {p:c}; of lasting members alone: {q:c}.",
            m=targets.REVIEW,
            g=row["target_review"],
            p=row["chance_review"],
            q=row["chance_review_lasting"],
        ),
        say(
            lang,
            vi="**Đến {m:T}** (Nghị quyết 403/NQ-CP: {g:n}): khả năng đạt {p:c}; chỉ tính người tham gia bền "
            "vững: {q:c}. Mỗi tháng cần tăng {need:a} người tham gia bền vững; dự kiến tăng {ex:a}.",
            en="**By {m:T}** (Resolution 403/NQ-CP: {g:n}): probability {p:c}; of lasting members alone: "
            "{q:c}. Needed: {need:a} more lasting members a month; expected: {ex:a}.",
            m=targets.GOAL,
            g=row["target_goal"],
            p=row["chance_goal"],
            q=row["chance_goal_lasting"],
            need=row["needed"],
            ex=row["expected"],
        ),
        say(
            lang,
            vi="**Mức sàn từ {m:t}** ({x:d} lên {y:d}): sau một năm giảm {a:a} người tham gia bền vững so với "
            "không tăng (khoảng 90%: {b:a} đến {c:a}).",
            en="**The floor of {m:t}** ({x:d} to {y:d}): after a year {a:a} fewer lasting members than "
            "without the rise "
            "(90% interval {b:a} to {c:a}).",
            m=board.rise.month,
            x=board.rise.before,
            y=board.rise.after,
            a=-row["median_rise_year"],
            b=-row["high_rise_year"],
            c=-row["low_rise_year"],
        ),
    ]
    return words.listing(sentences)


def tell(board: Board) -> None:
    """Tell the figures of the nation and the provinces: this winter, the review, the goal, what the rise takes."""
    today = tables.month(board.asked.month)
    december = tables.month(f"{today.year + (today.month == 12)}-12")
    months = {board.asked.month, str(december), str(december + 3), targets.REVIEW, targets.GOAL}

    def asked(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(scenario=AS_IS, engine="campaign", draws=board.asked.draws)

    paths = asked(board.paths[board.paths["month"].astype(str).isin(months)])
    stated.tell(stated.rows(paths, {"q05": "low", "median": "median", "q95": "high"}))
    for when, month in (("review", targets.REVIEW), ("goal", targets.GOAL)):
        for measure, of in (("members", ""), ("lasting_members", "_lasting")):
            chance = {f"chance_{when}{of}": f"probability of the target of {month}"}
            stated.tell(stated.rows(asked(board.rows), chance, month=month, measure=measure))
    names = {"needed": "needed a month", "expected": "expected a month"}
    names |= {f"{end}_rise_year": f"{end} that the rise takes in a year" for end in ("low", "median", "high")}
    stated.tell(stated.rows(asked(board.rows), names, month=targets.GOAL, measure="lasting_members"))


COLUMNS = {  # of the table: form, Vietnamese, English
    "place": ("", "Nơi", "Place"),
    "last": ("", "Số gần nhất", "Latest count"),
    "now": ("a", "Hiện nay", "Today"),
    "december": ("a", "Tháng 12 này", "This Dec"),
    "march": ("a", "Tháng 3 tới", "Next Mar"),
    "target": ("n", "Mục tiêu 2030", "Target of 2030"),
    "chance_goal": ("c", "Khả năng đạt", "Probability"),
    "chance_goal_lasting": ("c", "Chỉ tính người bền vững", "Lasting members alone"),
    "needed": ("a", "Cần thêm mỗi tháng", "Needed a month"),
    "rise": ("a", "Mức sàn 2027 làm giảm", "The floor of 2027 takes"),
}


def table(board: Board, lang: str = "vi") -> Text:
    """Return the board as a table, the nation first and provinces by their chance of lasting members in 2030."""
    tell(board)
    rows = counted(board)
    shown = rows.assign(
        place=rows["place"].map(short),
        last=[vintage.old(m, a, lang) for m, a in zip(rows["count_month"].fillna(""), rows["count_age"], strict=True)],
        now=rows["median_now"],
        december=rows["median_december"],
        march=rows["median_march"],
        target=rows["target_goal"],
        rise=-rows["median_rise_year"],
    )
    names = {name: heads[1 + (lang == "en")] for name, heads in COLUMNS.items()}
    return words.table(shown, lang, {name: heads[0] for name, heads in COLUMNS.items()}, names)


def notes(board: Board, lang: str = "vi") -> Text:
    """Return what a reader of the table has to know: what is derived, borrowed, and how parts add up."""
    counts = board.counts.set_index("place").drop(index=NATION)
    fresh = int((counts["age"] <= 9).sum())
    none = int((counts["of"] == "none").sum())
    return join(
        [
            say(
                lang,
                vi="Tổng các tỉnh bằng cả nước trong từng lần mô phỏng, đến từng người. Mục tiêu của tỉnh là "
                "phần của cả "
                "nước theo lực lượng lao động (suy ra): con số từng tỉnh trong nghị quyết chưa đọc được.",
                en="Provinces add up to the nation in every draw, to a person. A province's target is its part of the "
                "nation's by labor force (derived): the resolution's own numbers could not be read.",
            ),
            say(
                lang,
                vi="{f:n} trong {n:n} tỉnh có số trong chín tháng qua; {k:n} tỉnh chưa từng có số và mượn mức "
                "của cả nước, "
                "nên khoảng dự báo rộng. Một số thực hiện gần đây của tỉnh làm hẹp khoảng này nhiều nhất.",
                en="{f:n} of {n:n} provinces were counted in the last nine months; {k:n} never were and borrow the "
                "nation's level, so their intervals are wide. One recent count of a province narrows them most.",
                f=fresh,
                n=len(counts),
                k=none,
            ),
            foot(board, lang),
        ]
    )


@redrawn
def picture(board: Board, lang: str = "vi") -> Picture:
    """Return the tile map, the nation's path in its free corner, and a small picture of each province below.

    Tiles and small pictures carry the chance that lasting members reach the target of 2030 in figures, so that no color
    is needed to read them.
    """
    tell(board)
    places = list(board.rows["place"].iloc[1:])
    columns = SMALL_COLUMNS - narrow.on()
    lines = -(-len(places) // columns)
    height = TOP + MAP_ROWS * ROW + 0.55 + lines * SMALL + FOOT
    with style({"axes.grid": False}):
        sheet = Picture(figsize=(narrow.width(WIDTH), height))
        sheet.spare = (TOP - 0.15, FOOT - 0.1)
        head = narrow.filled(title(board, lang), 58, narrow.TITLE)
        size = narrow.TITLE if narrow.on() else 12.5
        sheet.head.append(sheet.text(0.02, 1 - 0.14 / height, head, fontsize=size, fontweight="bold", va="top"))
        subtitle = say(
            lang,
            vi="Khả năng số người tham gia bền vững (không kể đợt cao điểm tháng 12) đạt mục tiêu cuối 2030, theo tỉnh "
            "({n:n} lần mô phỏng, sai số tới ± {e:p})",
            en="Probability that lasting members (without the December campaign) reach the target of 2030, by province "
            "({n:n} draws, error up to ± {e:p})",
            n=board.asked.draws,
            e=words.error(0.5, board.asked.draws),
        )
        below = 1 - (0.2 + 0.22 * (head.count("\n") + 1)) / height
        shown = narrow.filled(subtitle, 78, narrow.LARGEST)
        sheet.head.append(sheet.text(0.02, below, shown, color=MUTED, fontsize=9.5, va="top"))
        _map(sheet, board, height)
        corner = sheet.add_axes((0.1, 1 - (TOP + 11.2 * ROW) / height, 0.27, 5.5 * ROW / height))
        _path(corner, board, NATION, lang, large=True)
        top = TOP + MAP_ROWS * ROW + 0.5
        for i, place in enumerate(places):
            row, column = divmod(i, columns)
            left = 0.02 + column * 0.98 / columns
            bottom = 1 - (top + (row + 1) * SMALL - 0.2) / height
            _path(sheet.add_axes((left, bottom, 0.84 / columns, (SMALL - 0.5) / height)), board, place, lang)
        source = f"{foot(board, lang)} " + say(
            lang,
            vi="Nét: mức giữa (người); dải: khoảng dự báo 90%; chấm: mục tiêu. Mỗi tỉnh một thang đo riêng, từ 0.",
            en="Line: median (persons); band: 90% interval; dot: target. Each province on its own scale, from 0.",
        )
        source = narrow.filled(source, 100, narrow.SMALLEST)
        sheet.foot.append(sheet.text(0.02, 0.08 / height, source, color=MUTED, fontsize=8, va="bottom"))
    return sheet.describe(f"{title(board, lang)}. {subtitle}")


def tiles_of_map() -> pd.DataFrame:
    """Return where each province stands on the map: the project's own, where the folder of data has none.

    >>> tiles_of_map().columns.tolist()
    ['row', 'column']
    """
    own = tables.data_dir() / "tiles.csv"
    return tables.read(own if own.is_file() else ROOT / "data" / "tiles.csv", "tiles").set_index("place")


def _map(sheet: Picture, board: Board, height: float) -> None:
    """Draw one tile a province, with its name and chance."""
    axes = sheet.add_axes((0.02, 1 - (TOP + MAP_ROWS * ROW) / height, 0.96, MAP_ROWS * ROW / height))
    axes.set(xlim=(0, MAP_COLUMNS), ylim=(MAP_ROWS, 0))
    axes.axis("off")
    tiles = tiles_of_map()
    rows = board.rows.set_index("place")
    for place in rows.index.drop(NATION):
        x, y = float(frames.at(tiles, place, "column")) - 1, float(frames.at(tiles, place, "row")) - 1
        chance = float(frames.at(rows, place, "chance_goal_lasting"))
        shade = min(int(chance * len(SHADES)), len(SHADES) - 1)
        ink = "white" if shade >= len(SHADES) - 2 else INK
        axes.add_patch(Rectangle((x + 0.02, y + 0.04), 0.96, 0.92, facecolor=SHADES[shade], edgecolor="white"))
        name = textwrap.fill(short(str(place)), 9) if narrow.on() else short(str(place))
        axes.text(x + 0.5, y + 0.34, name, ha="center", va="center", fontsize=9.5, color=ink, linespacing=0.95)
        label = words.chance(chance, "en").replace("above ", ">").replace("below ", "<")
        axes.text(
            x + 0.5,
            y + (0.8 if "\n" in name else 0.7),
            label,
            ha="center",
            va="center",
            fontsize=11,
            color=ink,
            fontweight="bold",
        )


def _path(axes: Axes, board: Board, place: str, lang: str, large: bool = False) -> None:
    """Draw lasting members of a place: median, 90% band, the target; over it its name and its chance."""
    rows = board.paths[(board.paths["place"] == place) & (board.paths["measure"] == "lasting_members")]
    x = np.array([number(m) for m in rows["month"]])
    color = LOOKS[0][0]
    axes.fill_between(x, rows["q05"], rows["q95"], color=color, alpha=0.22, lw=0)
    axes.plot(x, rows["median"], color=color, lw=1.8)
    wanted = board.targets[(board.targets["place"] == place) & (board.targets["month"] == targets.GOAL)]
    for goal in wanted["target"]:
        axes.plot([x[-1]], [goal], marker="o", ms=6 if large else 4.5, color=TARGET, clip_on=False, zorder=5)
    chance = float(frames.at(board.rows.set_index("place"), place, "chance_goal_lasting"))
    chance_label = words.chance(chance, "en").replace("above ", ">").replace("below ", "<")
    unit = say(lang, vi="triệu người", en="million people") if large else ""
    over = f"\n{capital(unit)}" if narrow.on() and large else ""  # there is no room beside the axis
    axes.set_title(f"{short(place)} {chance_label}{over}", fontsize=11.5 if large else 9, loc="left", pad=3, color=INK)
    axes.set_ylim(0, None)
    axes.set_xlim(x[0], x[-1])
    last = float(rows["median"].iloc[-1])
    axes.set_xticks([x[0], x[-1]], [words.month(m, lang) for m in (rows["month"].iloc[0], rows["month"].iloc[-1])])
    axes.tick_params(labelsize=8.5 if large else 8, length=2)
    first, end = axes.get_xticklabels()
    first.set_horizontalalignment("left")
    end.set_horizontalalignment("right")
    if large:
        axes.yaxis.set_major_formatter(lambda v, _: words.number(v / 1e6, lang, 1))
        axes.set_ylabel("" if over else unit, fontsize=8.5)
        axes.grid(axis="y", color=GRID)
    else:
        axes.set_yticks([0, last], ["", ""])  # the number stands at the line
        axes.text(x[-1], last, words.about(last, lang, 2) + " ", ha="right", va="bottom", fontsize=8, color=MUTED)


def summary(board: Board, lang: str = "vi", places: tuple[str, ...] = ()) -> Text:
    """Return what the command prints: the finding, the nation's answers, and the rows of `places`."""
    rows = counted(board)
    paragraphs = [title(board, lang), answer(board, lang)]
    for place in places:
        if place == NATION:
            continue
        row = frames.at(rows, place)
        paragraphs.append(
            say(
                lang,
                vi="{place}: hiện nay {a:a} ({b:a} đến {c:a}), tháng 12 này {d:a}, tháng 3 tới {e:a}; mục "
                "tiêu 2030 {g:n}: "
                "khả năng {p:c}, chỉ tính người bền vững {q:c}; mức sàn làm giảm {r:a}.",
                en="{place}: {a:a} today ({b:a} to {c:a}), {d:a} this December, {e:a} next March; target of "
                "2030 {g:n}: "
                "probability {p:c}, of lasting members alone {q:c}; the floor takes {r:a}.",
                place=short(place),
                a=row["median_now"],
                b=row["low_now"],
                c=row["high_now"],
                d=row["median_december"],
                e=row["median_march"],
                g=row["target_goal"],
                p=row["chance_goal"],
                q=row["chance_goal_lasting"],
                r=-row["median_rise_year"],
            )
        )
    return join([*paragraphs, foot(board, lang)])
