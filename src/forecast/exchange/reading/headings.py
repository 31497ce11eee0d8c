"""What a heading says that its column holds; one that names anything else never passes for members.

A heading is the texts above a column, from the top down: ("Thực hiện trong tháng", "Tăng mới"). Another scheme, a
sex, money, a share, a difference, an opening or a cumulative figure each has a meaning of its own, so that it is told
and not taken.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from forecast.exchange.reading.texts import fold, tidy

COUNTS = ("members", "entries", "lapses", "returns", "plan")
"""Roles of columns that become counts of persons."""
HELPERS = ("opening", "entries_year", "lapses_year")
"""Roles of counts that are not kept but used: an opening stock checks, a figure since January gives its differences."""
KEYS = ("order", "commune", "district", "province", "month", "year")
"""Roles of columns that say what a row is about."""


class Meaning(NamedTuple):
    """The role of a column, and a word for why it is none that counts (a key of :data:`REASONS`)."""

    role: str
    why: str = ""


REASONS = {  # why a column is told and not taken: Vietnamese, English
    "scheme": ("thuộc loại hình bảo hiểm khác", "about another scheme"),
    "schemes": ("gộp nhiều loại hình bảo hiểm", "mixes several schemes"),
    "any_scheme": ("không ghi là tự nguyện: có thể gồm cả bắt buộc", "does not say voluntary: may include compulsory"),
    "sex": ("chỉ đếm một giới", "counts one sex only"),
    "money": ("là số tiền", "an amount of money"),
    "share": ("là tỷ lệ", "a share"),
    "difference": ("là số chênh lệch", "a difference"),
    "opening": ("là số đầu kỳ", "an opening figure"),
    "earlier": ("là số của kỳ khác", "a figure of another period"),
    "cumulative": ("là số lũy kế", "a cumulative figure"),
    "estimate": ("là số ước hoặc dự kiến", "an estimate"),
    "part": ("chỉ là một phần của số người", "only a part of the persons"),
    "plan_new": ("là kế hoạch phát triển mới, hoặc của một tháng", "a plan of new members, or of a month"),
    "due": ("là số đến hạn hoặc đóng tiếp", "persons due, or renewed"),
    "sum": ("là cột cộng", "a sum of other columns"),
    "other": ("là số khác", "another figure"),
    "unclear": ("có thể hiểu nhiều cách", "could be understood in several ways"),
    "unknown": ("không rõ nội dung", "not understood"),
    "note": ("là ghi chú", "a note"),
    "answer": ("được yêu cầu bỏ qua", "left out as asked"),
    "hidden": ("là cột bị ẩn", "a hidden column"),
    "formula": ("là công thức chưa được tính", "formulas that no program has calculated"),
    "empty": ("trống", "empty"),
    "total_month": ("là số của cả kỳ bên cạnh các tháng", "a figure of the whole period beside the months"),
}

_COMMUNE = set(
    "ten cac xa phuong thi tran tt dac khu don vi hanh chinh dvhc dia ban dia phuong cap co so moi bhxh quan ly "
    "danh sach thuc hien commune communes ward name of noi x p diem thu th va".split()
)
_COMMUNE_KEY = re.compile(r"\b(xa|phuong|don vi|dia ban|dia phuong|commune|communes|ward|thi tran|diem thu|dvhc)\b")
_DISTRICT = set("ten huyen quan thi xa thanh pho tp tx thuoc district cac".split())
_PROVINCE = set("ten tinh thanh pho tp province thuoc".split())
_MONTH = set("thang ky bao cao nam thoi gian diem month date ngay so lieu den tinh period chot thang t of".split())
_OTHER_SCHEME = re.compile(
    r"bat buoc|\bbb\b|bhxhbb|\bbhyt\b|y te|\bbhtn\b|that nghiep|tnld|tai nan|hgd|ho gia dinh|huu tri"
    r"|tro cap|che do|compulsory|health insurance"
)
_VOLUNTARY = re.compile(r"tu nguyen|bhxh ?tn\b|bhxh t n\b|\btnguyen\b|\btn\b|voluntary")
_INSURANCE = re.compile(
    r"\b(bhxh|bao hiem|social insurance|si)\b|\b(cac|hai|ba|2|3|moi|ca|tat ca) loai( hinh)?\b|\bloai hinh\b"
)
_OFFICE = re.compile(  # "BHXH tỉnh giao": the office, and no insurance that somebody takes part in
    r"(?<!tham gia )(?<!tg )(?<!dong )(?<!nguoi )(?<!doi tuong )\b(bhxh|bao hiem xa hoi|bao hiem) "
    r"(viet nam|vn|tinh|huyen|quan|tp|thanh pho|thi xa|tx|khu vuc|kv|co so|lien|giao|phan bo|cap tren)\b"
    r"|\b(co quan|do|cua|nganh|tai|he thong) (bhxh|bao hiem xa hoi|bao hiem)\b"
)


@lru_cache(maxsize=20_000)
def key_role(text: str) -> str:
    """Return what a heading says that a row is about ("" if it is no such heading).

    >>> [key_role(x) for x in ("STT", "Xã, thị trấn", "Đơn vị", "Đơn vị tính", "Huyện", "Tháng báo cáo", "Năm")]
    ['order', 'commune', 'commune', '', 'district', 'month', 'year']
    """
    plain = fold(text)
    words = set(plain.split())
    if plain in ("stt", "tt", "so tt", "so thu tu", "no", "s tt", "so") or tidy(text) == "#":
        return "order"
    if not words or len(plain) > 60:
        return ""
    if plain in ("nam", "year") and tidy(text).casefold() != "nam":
        return "year"
    if words <= _PROVINCE and ({"tinh", "province"} & words):
        return "province"
    if (
        words <= _DISTRICT
        and re.search(r"huyen|quan|district|thi xa|thanh pho|\btp\b", plain)
        and (not re.search(r"\b(huyen|quan) xa\b|\bxa huyen\b", plain))
    ):
        return "district"
    if words <= _COMMUNE | {"huyen"} and _COMMUNE_KEY.search(plain):
        return "commune"
    if words <= _MONTH and re.search(r"\bthang\b|\bky\b|thoi gian|thoi diem|month|period|\bdate\b|^ngay", plain):
        raw = set(re.findall(r"\w+", tidy(text).casefold()))  # Dền Thàng is a commune
        return (
            "month"
            if raw & {"tháng", "thang", "kỳ", "ky", "kì", "thời", "thoi", "month", "period", "date", "ngày", "ngay"}
            else ""
        )
    return ""


@lru_cache(maxsize=20_000)
def scheme_of(text: str) -> str:
    """Return the scheme that a text names: "voluntary", "other", "both", or "" for none.

    >>> scheme_of("BHXH tự nguyện"), scheme_of("BHYT hộ gia đình"), scheme_of("BHXH TN"), scheme_of("BHXH, BHYT")
    ('voluntary', 'other', 'voluntary', 'other')
    """
    plain = fold(text)
    voluntary, other = bool(_VOLUNTARY.search(plain)), bool(_OTHER_SCHEME.search(plain))
    return "both" if voluntary and other else "voluntary" if voluntary else "other" if other else ""


def any_scheme(path: tuple[str, ...]) -> bool:
    """Return whether texts speak of social insurance and not of which: compulsory members may be among its persons.

    >>> [any_scheme((x,)) for x in ("Tổng số người tham gia BHXH", "Số người tham gia", "BHXH TN", "KH BHXH tỉnh giao")]
    [True, False, False, False]
    """
    plain = fold(" ".join(path))
    return not _scheme(path) and bool(_INSURANCE.search(_OFFICE.sub(" ", plain)))


def _scheme(path: tuple[str, ...]) -> str:
    """Return the scheme of a column: the lowest text that names one decides."""
    for text in reversed(path):
        if scheme := scheme_of(text):
            return scheme
    return ""


_SPELLED = {  # words that mean something else with other diacritics: thôi and thời, dừng and đúng, tăng and tặng
    "dung": ("dừng",),
    "ngung": ("ngừng", "ngưng"),
    "thoi": ("thôi",),
    "nghi": ("nghỉ",),
    "giam": ("giảm",),
    "moi": ("mới",),
    "tang": ("tăng",),
    "them": ("thêm",),
    "bo": ("bỏ",),
    "tien": ("tiền",),
    "huong": ("hưởng",),
    "du": ("dự", "dư"),
    "no": ("nợ",),
    "the": ("thẻ",),
    "ca": ("cả",),
    "cao": ("cáo",),  # báo cáo, and not cao nhất
    "quan": ("quản",),
    "mat": ("mặt",),  # có mặt, and not mất
}
OTHER = "9"
"""Stands behind a folded word that is another one than its letters without diacritics would say."""


def folded(text: str) -> str:
    """Return a heading folded, with a mark at words whose diacritics make them another word.

    >>> folded("Tại thời điểm báo cáo"), folded("Thôi đóng"), folded("Thoi dong")
    ('tai thoi9 diem bao cao', 'thoi dong', 'thoi dong')
    """
    words = []
    plain = tidy(text).casefold()
    bare = plain.isascii()
    for word in re.findall(r"[^\W_]+", plain):
        plain_word = fold(word)
        known = _SPELLED.get(plain_word)
        words.append(plain_word + OTHER if known and not bare and word not in known else plain_word)
    return " ".join(words)


_NOT = (  # what a heading says beside persons, first that fits
    ("share", re.compile(r"ty le|ti le|phan tram|\btl\b|dat kh|hoan thanh|so voi (kh|ke hoach)|rate|percent")),
    (
        "difference",
        re.compile(
            r"so voi|so cung|so thang|chenh lech|con thieu|con lai|con phai|tang giam$|tang giam so"
            r"|^tang giam|difference|tang them|can phat trien|phai phat trien|tang (rong|thuc|tu nhien)|thua thieu"
        ),
    ),
    (
        "money",
        re.compile(
            r"(trieu|nghin|ngan|ty|tr) ?dong|so tien|\btien\b|kinh phi|\bvnd\b|so thu\b|thu bhxh|(ke hoach|kh"
            r"|chi tieu) thu\b|muc dong|thu nhap|doanh thu|\btrd\b|da thu\b|phai thu|amount|money"
        ),
    ),
    ("estimate", re.compile(r"\buoc\b|du kien|du bao|forecast|estimate|kha nang")),
    ("earlier", re.compile(r"cung ky|nam truoc|quy truoc|(?<!tu )dau nam|nam ngoai|last year")),
    (
        "other",
        re.compile(
            r"chua (tham gia|dong|co)|khong tham gia|tiem nang|dan so\b|lao dong trong|so ho\b|nhan vien"
            r"|dai ly|so so\b|so luot|tuyen truyen|van dong(?! moi)|hoi nghi9?\b|luc luong|thuoc dien"
            r"|(so|\d) (xa(?! hoi)|phuong|thon|xom|ap|ban)( \w+)? (co|dat|hoan thanh)\b|\b(xa(?! hoi)|thon|xom|ap) co\b"
            r"|\bdang ky\b|\b(cap|tra|phat) so\b"
            r"|xep (hang|thu)|dien thoai|ma so|population|eligible|\bhuong\b|\bdu\b(?! (kien|bao))|\bno\b|\bthe\b"
        ),
    ),
    (
        "part",
        re.compile(
            r"ngheo|dan toc|dtts|do tuoi|\btuoi\b|hoc sinh|khuyet tat|nong dan|ho tro|tren 60|duoi 3"
            r"|(dong|tham gia) ((tren|tu|duoi|du|theo) )?\d+ (thang|nam)(?! (dau|cuoi) nam)\b|phuong thuc"
        ),
    ),
)
_FLOWS = (
    ("due", re.compile(r"den han|phai dong|tai tuc|dong tiep|gia han|duy tri|don doc|renew|\bdue\b")),
    (
        "returns",
        re.compile(
            r"(tham gia|dong|quay|tro|tang) (tro )?lai|phuc hoi|return|quay lai|(?<!hien )\btai (tham gia|dong)"
        ),
    ),
    (
        "lapses",
        re.compile(
            r"khong (tiep tuc|con|dong)|\bdung\b|\bngung\b|\bgiam\b|\bthoi\b|\bnghi\b|bo dong|roi khoi|lapse|stopped"
        ),
    ),
    (
        "entries",
        re.compile(r"\bmoi\b|\btang\b|phat trien|phat sinh tang|entries|\bnew\b|joined|\bthem\b|lan dau|lan 1\b"),
    ),
)
_STOCK = re.compile(
    r"dang tham gia|tham gia|cuoi ky|cuoi thang|hien co|hien dang|dang dong|so nguoi|co mat|members|so doi tuong"
    r"|so luong nguoi|cuoi quy|nguoi tham gia|tg bhxh|dang tg|\btg\b|persons"
)
_FIRM = re.compile(r"dang tham gia|cuoi ky|cuoi thang|hien co|hien dang|dang dong|co mat|den (het|cuoi|ngay)|members")
PERSONS_NAMED = (*COUNTS, *HELPERS)
_WORDS = set(  # of which headings of members, flows and plans are made; any other word may say something else
    "so nguoi tong ca cong ts dang da duoc co con tham gia tg ntg bhxh bhxhtn tn tu nguyen bao hiem xa hoi t n nd "
    "den het cuoi thoi9 diem ngay thang ky ki quy nam luy ke luyke lk don hien tai nay mat doi tuong luong lao dong "
    "nld thuc th ket qua trong cao bc toi chot tinh hinh lieu la phat trien pt toan cua cac ng dvt vi loai theo va "
    "dan te quan ly bien tich nhom khu vuc noi dung chi tieu phan muc sau hang tang moi giam ngung thoi nghi bo roi "
    "khoi luoi he thong sinh them lan dau dk khai thac van nhap khong tiep tuc tam truoc tro lai quay phuc nua "
    "chuyen sang mang ton hoach kh giao nghi9 quyet nq hdnd ubnd tw trung uong viet thu chinh phu qd nganh dia "
    "phuong cap tren number of members member persons person people active current currently participating "
    "participants voluntary social insurance in the scheme at end month year total si vsi new entries joined "
    "stopped lapses lapse lapsed return returned returns plan target annual opening cumulative ytd left".split()
)
_SHARE = re.compile(  # "TH/KH"; "Kế hoạch/chỉ tiêu" is two words for one thing, and "số KH" is no comparison
    r"%|(?<!\w)so (kh|kế hoạch|ke hoach)(?!\w)"
    r"|(?<!\w)(th|tg|kq|đạt|thực hiện|thuc hien|kết quả|ket qua|tham gia|người|nguoi)\s*/\s*"
    r"(kh|ct|kế hoạch|ke hoach|chỉ tiêu|chi tieu|dân số|dan so|hộ|xã|thôn|cán bộ|nhân viên|đại lý|tháng)(?!\w)"
)
_SPAN = re.compile(r"\bquy (\d|[ivx]+)\b|\b\d+ thang\b|\b(ca|trong) nam\b|\bnam nay\b")
_SINCE = re.compile(r"luy ke|cong don|tu dau nam|ytd|cumulative|\blk\b")


@lru_cache(maxsize=20_000)
def meaning(path: tuple[str, ...]) -> Meaning:
    """Return what a column holds by its heading, a path of texts from the top down.

    >>> meaning(("Thực hiện trong tháng", "Tăng mới")).role, meaning(("Lũy kế số người đang tham gia",)).role
    ('entries', 'members')
    >>> meaning(("Số người tham gia BHXH bắt buộc",)), meaning(("Tăng, giảm so với tháng trước",))
    (Meaning(role='told', why='scheme'), Meaning(role='told', why='difference'))
    >>> meaning(("Tổng số người tham gia BHXH",)), meaning(("BHXH tự nguyện", "Số người tham gia BHXH")).role
    (Meaning(role='told', why='any_scheme'), 'members')
    >>> meaning(("Số người tham gia đầu kỳ",)).role, meaning(("Phát triển mới lũy kế từ đầu năm",)).role
    ('opening', 'entries_year')
    >>> meaning(("Kế hoạch thu (triệu đồng)",)).why, meaning(("Kế hoạch năm",)).role, meaning(("Nữ",)).why
    ('money', 'plan', 'sex')
    """
    path = tuple(tidy(text) for text in path if tidy(text))
    texts = tuple(dict.fromkeys(path))
    joined, leaf = folded(" ".join(texts)), folded(texts[-1]) if texts else ""
    raw = " ".join(texts).casefold()
    if not texts:
        return Meaning("unknown")
    if re.search(r"ghi chu|luu y|^note|nhan xet", leaf):
        return Meaning("told", "note")
    scheme = _scheme(texts)
    if scheme in ("other", "both"):
        return Meaning("told", "scheme" if scheme == "other" else "schemes")
    if _SHARE.search(raw):
        return Meaning("told", "share")
    if re.search(r"\(đồng\)|\bđồng\b|\bđ/", raw):
        return Meaning("told", "money")
    for why, pattern in _NOT:
        if (
            why == "difference"
            and leaf != joined
            and re.fullmatch(r".*\b(tang giam|bien dong)\b.*", joined)
            and (not re.search(r"so voi|so cung|chenh lech", joined) and not pattern.search(leaf))
        ):
            continue  # "Tăng, giảm" above the two columns "Tăng" and "Giảm"
        if pattern.search(joined):
            return Meaning("told", why)
    if (
        re.search(r"(?<!\w)(nữ|nu|nam giới|nam gioi|giới tính|female|male)(?!\w)", texts[-1].casefold())
        or raw.endswith(" nam")
        and not re.search(r"ke hoach|chi tieu|\bkh\b|giao", joined)
        or leaf == "nam"
    ):
        return Meaning("told", "sex")
    if re.search(r"trong do\b.*\bkhac$|^khac$", joined):
        return Meaning("told", "part")
    if re.search(r"(thang|ky|quy) truoc|dau (ky|thang)|chuyen sang|mang sang|ton dau|opening|thang lien truoc", joined):
        if any(pattern.search(joined) for role, pattern in _FLOWS if role != "due"):
            return Meaning("told", "earlier")  # "Giảm tháng trước"
        return Meaning("opening", "opening")
    counted = _counted(joined, leaf)
    if counted.role not in PERSONS_NAMED:
        bare = counted.role == "unknown" and re.fullmatch(r"(tong )?(cong )?(so )?(bhxh|bao hiem xa hoi)", joined)
        return Meaning("told", "any_scheme") if bare else counted
    if not _only_known(texts):
        return Meaning("told", "unclear")
    return Meaning("told", "any_scheme") if any_scheme(texts) else counted


def if_voluntary(path: tuple[str, ...]) -> Meaning:
    """Return what a column would hold if its heading is about the voluntary scheme.

    >>> if_voluntary(("Tăng mới BHXH",)).role, if_voluntary(("BHXH",)).role
    ('entries', 'scheme_only')
    """
    return meaning(("BHXH tự nguyện", *path))


def _only_known(texts: tuple[str, ...]) -> bool:
    """Return whether each word of a heading is one that headings of such counts are made of; names of places pass.

    >>> [_only_known(x) for x in (("Số người đang tham gia",), ("Huyện Đà Bắc", "Tăng mới"), ("Nông thôn mới",))]
    [True, True, False]
    """
    for text in texts:
        words = re.sub(
            r"\btrong do\b|\b(huyen|tinh|xa(?! hoi)|phuong(?! (thuc|an))|quan(?! ly)|thi xa|thanh pho|tp)\b.*",
            "",
            folded(text),
        ).split()
        if any(word not in _WORDS and not re.fullmatch(r"\d+|[a-z]|[ivx]+", word) for word in words):
            return False
    return True


def _counted(joined: str, leaf: str) -> Meaning:
    """Return the role of a heading that is about persons of the voluntary scheme."""
    since = bool(_SINCE.search(joined))
    flows = [role for role, pattern in _FLOWS if pattern.search(joined)]
    if re.search(r"ke hoach|chi tieu|\bkh\b|duoc giao|\bgiao\b|\bplan\b|target", joined):
        new = {"entries", "returns"} & set(flows) or re.search(r"\b(ke hoach|chi tieu|kh) (\d+ )?(thang|quy)\b", joined)
        return Meaning("told", "plan_new") if new else Meaning("told", "cumulative") if since else Meaning("plan")
    leaf_flows = [role for role, pattern in _FLOWS if pattern.search(leaf)]
    if re.search(r"\btang\b.*\bgiam\b", leaf) or {"entries", "lapses"} <= set(leaf_flows):
        return Meaning("told", "difference")
    if _FIRM.search(leaf) and not leaf_flows or (_FIRM.search(joined) and not flows):
        if re.search(r"tu dau nam", joined) and not re.search(r"dang|hien", joined):
            return Meaning("told", "cumulative")
        return Meaning("members")
    flow = (leaf_flows or flows or [""])[0]
    if flow == "due":
        return Meaning("told", "due")
    if flow:
        year = _SPAN.search(joined) or re.search(r"\bnam 20\d\d\b", leaf)
        if not since and year and not re.search(r"\bthang \d", leaf):
            return Meaning("told", "cumulative")  # of a quarter or the year, not of a month
        if leaf in ("tong", "cong", "tong so", "tong cong", "total"):
            return Meaning("told", "sum")
        role = {"entries": "entries_year", "lapses": "lapses_year"}.get(flow) if since else flow
        return Meaning(role) if role else Meaning("told", "cumulative")
    if re.search(r"\bquy (\d|[ivx]+)\b", joined):
        return Meaning("told", "earlier")
    if _STOCK.search(joined):
        if re.search(r"trong (thang|ky)|phat sinh|tu dau nam", joined):
            return Meaning("told", "unclear")
        if since and leaf in ("luy ke", "cong don"):
            return Meaning("told", "unclear")
        return Meaning("members")
    if _VOLUNTARY.search(joined):
        return Meaning("told", "unclear") if since else Meaning("scheme_only")
    return Meaning("unknown", "unknown")
