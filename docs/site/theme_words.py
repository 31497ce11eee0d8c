"""Put into Vietnamese what the theme and the notebook extension say in English and do not let anybody translate."""

from pathlib import Path

WORDS = {
    "Toggle hidden content": "Mở hoặc đóng phần ẩn",
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


def translate(app, error) -> None:
    """Replace these words where they are a label or the title of an icon."""
    if error or app.config.language != "vi" or app.builder.name != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for english, vietnamese in WORDS.items():
            text = text.replace(f'aria-label="{english}"', f'aria-label="{vietnamese}"')
            text = text.replace(f"<title>{english}</title>", f"<title>{vietnamese}</title>")
        page.write_text(text, encoding="utf-8")


def setup(app):
    """Work on the finished pages."""
    app.connect("build-finished", translate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
