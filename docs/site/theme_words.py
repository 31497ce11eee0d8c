"""Mend finished pages: what the theme and the notebook extension say in English and let nobody translate or change."""

from pathlib import Path

WORDS = {
    "Toggle site navigation sidebar": "Mở hoặc đóng danh sách trang",
    "Toggle table of contents sidebar": "Mở hoặc đóng mục lục",
    "Toggle Light / Dark / Auto color theme": "Đổi nền sáng hoặc tối",
    "Auto light/dark, in light mode": "Tự động, đang nền sáng",
    "Auto light/dark, in dark mode": "Tự động, đang nền tối",
    "Light mode": "Nền sáng",
    "Dark mode": "Nền tối",
    "Menu": "Danh sách trang",
    "Contents": "Mục lục",
    "Expand": "Mở rộng",
}


# What people who use a keyboard or a screen reader need: toggles called what they say, headings with a level, and
# boxes that scroll sideways on a phone within reach of the keyboard.
TABLE = '<div class="table-wrapper colwidths-auto docutils container">'
FOR_ALL = {
    '<summary aria-label="Toggle hidden content">': "<summary>",
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    "<pre>": '<pre tabindex="0">',
    TABLE: TABLE.replace(">", ' tabindex="0">'),
}


def mend(app, error) -> None:
    """Replace these words where they are a label or the title of an icon."""
    if error or app.builder.name != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for old, new in FOR_ALL.items():
            text = text.replace(old, new)
        for english, vietnamese in WORDS.items() if app.config.language == "vi" else ():
            text = text.replace(f'aria-label="{english}"', f'aria-label="{vietnamese}"')
            text = text.replace(f"<title>{english}</title>", f"<title>{vietnamese}</title>")
        page.write_text(text, encoding="utf-8")


def setup(app):
    """Work on the finished pages."""
    app.connect("build-finished", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
