"""What the server of the scenario page says itself: it asks for the token, says what went wrong, opens the page.

These stand in for the pages of Voilà and of Jupyter, which are English, stay light in the dark, and name another host.
Each says both languages: a server has one, a link may ask for the other.
"""

from collections.abc import Callable
from html import escape
from typing import Any

from forecast.app.kernels import MOST
from forecast.language.words import say
from forecast.publish import colors

LANGS = ("vi", "en")
_STYLE = """body { margin: 0; padding: 2rem 1rem; color: var(--color-foreground-primary);
  background: var(--color-background-primary); font: 16px/1.5 "Noto Sans", "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 38rem; margin: 0 auto; padding: .5rem 1rem; border-left: 4px solid var(--color-brand-primary);
  background: var(--color-background-secondary); }
h1 { font-size: 1.3rem; margin: .5rem 0; } a { color: var(--color-brand-content); } code { overflow-wrap: anywhere; }
[lang=en] { color: var(--color-foreground-secondary); } label { display: block; font-weight: 600; }
input, button { font: inherit; min-height: 44px; box-sizing: border-box; border-radius: 3px; padding: 0 .75rem;
  color: var(--color-foreground-primary); background: var(--color-background-primary);
  border: 1px solid var(--color-foreground-border); }
input { width: 100%; margin: .25rem 0 .75rem; }
button { color: var(--color-background-primary); background: var(--color-brand-primary); }
:focus-visible { outline: 2px solid var(--color-brand-primary); outline-offset: 2px; }"""


class Notes:
    """The pages by the names under which Tornado's handlers ask for them, as an environment of jinja2 would be asked.

    >>> "lang" in Notes().get_template("404.html").render(status_code=404)
    True
    """

    def get_template(self, name: str) -> "Note":
        """Return the page of a name; any that is not known is that of an error."""
        pages: dict[str, Callable[..., str]] = {"login.html": _login, "browser-open.html": _opening}
        return Note(pages.get(name, _fault))


class Note:
    """One page."""

    def __init__(self, said: Callable[..., str]):
        self._said = said

    def render(self, **told: Any) -> str:
        """Return the page, of what a handler tells."""
        return (
            '<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>forecast</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<meta name="color-scheme" content="light dark"><style>{colors.alone()}{_STYLE}</style></head>'
            f"<body><main><h1>forecast</h1>{self._said(**told)}</main></body></html>"
        )


def _both(said: Callable[[str], str]) -> str:
    return "".join(f'<p lang="{lang}">{said(lang)}</p>' for lang in LANGS)


def _login(*, next: str, xsrf_form_html: Callable[[], Any], message: Any = None, base_url: str = "/", **_: Any) -> str:
    """Ask for the token; `next` is where to go then, escaped already."""
    wrong = _both(lambda lang: say(lang, vi="<b>Mã không đúng.</b>", en="<b>This is not the token.</b>"))
    asks = _both(
        lambda lang: say(
            lang,
            vi="Trang này cần mã truy cập (token). Mã nằm trong địa chỉ mà lệnh <code>forecast app</code> đã in ra, "
            "sau <code>token=</code>. Hãy mở đúng địa chỉ ấy, hoặc dán mã vào đây.",
            en="This page needs its token. It is in the address that <code>forecast app</code> has printed, after "
            "<code>token=</code>. Open that address, or paste the token here.",
        )
    )
    return (
        f"{f'<div role=alert>{wrong}</div>' if message else ''}{asks}"
        f'<form action="{escape(base_url)}login?next={escape(next)}" method="post">{xsrf_form_html()}'
        '<label for="token">Mã truy cập <span lang="en">/ Token</span></label>'
        '<input type="password" name="password" id="token" autocomplete="off" autofocus>'
        '<button type="submit">Mở trang / Open</button></form>'
    )


def _fault(*, status_code: int, **_: Any) -> str:
    """Say what went wrong and what to do; what only the makers can read stands in the log."""
    if status_code == 503:
        return _both(
            lambda lang: say(
                lang,
                n=MOST,
                vi="Đang mở {n:n} cửa sổ, không mở thêm được nữa. Hãy đóng bớt một cửa sổ rồi tải lại trang này.",
                en="{n:n} windows are open, as many as there can be. Close one, then load this page again.",
            )
        )
    if status_code == 404:
        return _both(
            lambda lang: say(
                lang,
                vi="Không có trang nào ở địa chỉ này. Hãy mở địa chỉ mà lệnh <code>forecast app</code> đã in ra.",
                en="There is no page at this address. Open the address that <code>forecast app</code> has printed.",
            )
        )
    return _both(
        lambda lang: say(
            lang,
            code=str(status_code),
            vi="Trang không mở được (lỗi {code}). Hãy tải lại; nếu vẫn không được, hãy xem thông báo ở nơi đã chạy "
            "lệnh <code>forecast app</code>.",
            en="The page could not be opened (error {code}). Load it again; if that does not help, look at what was "
            "said where <code>forecast app</code> runs.",
        )
    )


def _opening(*, open_url: str, **_: Any) -> str:
    """Go on to the page: browsers are given a file first, so that the token stands in no list of processes."""
    to = escape(open_url)
    return f'<meta http-equiv="refresh" content="0;url={to}">' + _both(
        lambda lang: say(
            lang,
            to=to,
            vi='Đang mở trang. Nếu trang không tự mở, <a href="{to}">bấm vào đây</a>.',
            en='The page opens. If it does not, <a href="{to}">follow this link</a>.',
        )
    )
