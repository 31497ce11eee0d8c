"""The colors of pages, light and dark: the few that have a part to play, and what any other becomes in the dark.

Pages (through Sphinx's theme), their pictures, and the scenario page all take their colors from here.
"""

import colorsys
import re
from collections.abc import Iterable

PARTS = {
    "color-foreground-primary": ("#000000", "#cfd0d0"),
    "color-foreground-secondary": ("#5a5c63", "#9ca0a5"),
    "color-foreground-border": ("#878787", "#666666"),
    "color-background-primary": ("#ffffff", "#131416"),
    "color-background-secondary": ("#f8f9fb", "#1a1c1e"),
    "color-background-hover": ("#efeff4", "#1e2124"),
    "color-background-border": ("#eeebee", "#303335"),
    "color-brand-primary": ("#1b5e9b", "#8fc1f0"),
    "color-brand-content": ("#1b5e9b", "#8fc1f0"),
}
"""What ink, paper, lines and links are in the light and in the dark, under the names that the theme has for them."""
PAPER = "var(--color-background-primary)"
DARK_PAPER, READABLE = PARTS["color-background-secondary"][1], 4.5  # the lighter of the two papers; WCAG's AA
_LIGHT, _DARK = 0.92, 0.12  # lightness of black and white in the dark: paper white would glare
_COLOR = re.compile(r"#[0-9a-f]{6}\b")


def theme() -> dict[str, dict[str, str]]:
    """Return the colors that have a part, by name, for `light` and for `dark`.

    >>> theme()["dark"]["color-background-primary"]
    '#131416'
    """
    return {kind: {name: both[n] for name, both in PARTS.items()} for n, kind in enumerate(("light", "dark"))}


def alone() -> str:
    """Return the style sheet of :data:`PARTS` for a page that has no theme: it follows what its reader has set."""
    light, dark = ("".join(f"--{name}:{color};" for name, color in theme()[kind].items()) for kind in ("light", "dark"))
    return f":root {{ {light} }}\n@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"


def named(style: str) -> str:
    """Return a style with a variable for each color, and the color itself to fall back on.

    >>> named("fill:#1b5e9b")
    'fill:var(--c1b5e9b,#1b5e9b)'
    """
    return _COLOR.sub(lambda color: f"var(--c{color[0][1:]},{color[0]})", style)


def sheet(styles: Iterable[str]) -> str:
    """Return the style sheet of what colors are in the dark, those that are :func:`named`; on paper all is light."""
    colors = sorted({color for text in styles for color in re.findall(r"--c([0-9a-f]{6})", text)})
    turned = "".join(f"--c{color}:{dark('#' + color)};" for color in colors)
    return (
        f'@media screen {{ body[data-theme="dark"] {{ {turned} }} }}\n'
        f'@media screen and (prefers-color-scheme: dark) {{ body:not([data-theme="light"]) {{ {turned} }} }}\n'
    )


def dark(color: str) -> str:
    """Return what a color is on dark paper: its lightness turned round, its hue as it is; white is the paper itself.

    What can be read on white paper can be read on dark paper.

    >>> dark("#ffffff"), dark("#1b5e9b")
    ('var(--color-background-primary)', '#60a5e3')
    """
    if color == "#ffffff":
        return PAPER
    hue, light, strong = colorsys.rgb_to_hls(*_parts(color))
    turned = _LIGHT - (_LIGHT - _DARK) * light
    ink = contrast(color, "#ffffff") >= READABLE
    while True:
        found = "#" + "".join(f"{round(255 * part):02x}" for part in colorsys.hls_to_rgb(hue, turned, strong))
        if not ink or contrast(found, DARK_PAPER) >= READABLE:
            return found
        turned += 0.01


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors as the WCAG measure it, 1 to 21.

    >>> round(contrast("#000000", "#ffffff"))
    21
    """
    low, high = sorted(_luminance(color) for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def _parts(color: str) -> list[float]:
    return [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def _luminance(color: str) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
