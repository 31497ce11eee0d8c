"""The scenario page in a browser: Voilà runs it in a kernel of its own, on this machine only, behind a token."""

import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

import nbformat

from forecast.app.page import Page
from forecast.engines.people import first_use
from forecast.publish import colors

GONE = 600  # seconds without a window, after which its kernel ends
# What the page may load: nothing from anywhere else, whatever Voilà's template asks for.
_AT_HOME = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: ws://127.0.0.1:*; frame-ancestors 'none'"
# Names for the handles of sliders, which are read aloud (widgets give them none), and the language that the page is in.
_SCRIPT = """<title>forecast</title><script>
document.documentElement.lang = "%s";
new MutationObserver(() => {
  const title = document.querySelector(".fc-head h1");
  if (title) document.documentElement.lang = title.lang;
  document.querySelectorAll(".fc-lever .noUi-handle").forEach(handle => {
    const name = handle.closest(".fc-lever").querySelector("b");
    if (name && handle.getAttribute("aria-label") != name.textContent)
      handle.setAttribute("aria-label", name.textContent);
  });
}).observe(document, {childList: true, subtree: true});
</script>"""

# Voilà's template without the icons that it would have from another host and without its words, which are English; and
# with paper that is dark in the dark from the first moment on: the page's own style comes with its answer.
_TEMPLATE = """{% extends "voila/templates/lab/index.html.j2" %}
{% import "spinner.macro.html.j2" as spinner %}
{% block notebook_css %}
{{ resources.include_js("static/voila-style.js") }}
{{ spinner.css() }}
<style>.jp-mod-noOutputs.jp-mod-noInput { display: none; }</style>
{{ super.super() }}
<style>%s
body[data-voila], body[data-voila] :is(#main, #rendered_cells) { background: var(--color-background-primary); }
body[data-voila] #rendered_cells { padding-top: 0; }
body[data-voila] #loading_text { display: none; }
</style>
{% endblock %}
"""


def code(files: list[str], lang: str) -> str:
    """Return the one cell that shows the page of `files`.

    >>> print(code(["a.yaml"], "vi"))
    from pathlib import Path
    from forecast.app.serve import opened
    opened([Path(f) for f in ['a.yaml']], 'vi')
    """
    return f"from pathlib import Path\nfrom {__name__} import opened\nopened([Path(f) for f in {files!r}], {lang!r})"


def script(lang: str) -> str:
    """Return the cell that gives the page its language, its title, and names to what is read aloud."""
    return f"from IPython.display import HTML, display\ndisplay(HTML({_SCRIPT.replace('%s', lang)!r}))"


def opened(files: list[Path], lang: str = "vi") -> Any:
    """Return the page of `files` as the link says by which it was opened, with its answer.

    The answer is there before the page is shown: what a kernel says while a browser makes the parts of a page is lost.
    """
    page = Page(files, lang, served=True)
    page.follow(os.environ.get("QUERY_STRING", ""))
    page.start()
    return page.view


def serve(files: list[Path], lang: str = "vi", port: int = 8866, browser: bool = True, gone: int = GONE) -> None:
    """Show the page of `files` in a browser until it is stopped (Ctrl+C); one kernel for each window.

    A window that is closed says so, and its kernel ends; that of one which says nothing (a phone that sleeps, a line
    that is cut) ends `gone` seconds after it was last heard of. There are as many windows at a time as
    :mod:`forecast.app.kernels` has room for.

    It listens on 127.0.0.1 alone and asks for a token, which is part of the address that is opened and printed.
    """
    from voila.app import Voila

    from forecast.app import kernels, notes  # of the server alone: the kernel of a window imports this module too

    read = [str(path.absolute()) for path in files]
    Page(files, lang)  # a fault in a file is told here, not in the browser
    first_use.get_ready_apart()
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [nbformat.v4.new_code_cell(text) for text in (script(lang), code(read, lang))]
    page = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    # Whoever says that a window is closed shows a cookie, which voila expects and does not give.
    goodbye = f"_xsrf={secrets.token_hex(16)}; Path=/; SameSite=Strict"
    with tempfile.TemporaryDirectory(prefix="forecast-") as folder:
        nbformat.write(page, path := Path(folder) / "forecast.ipynb")
        template = Path(folder) / "voila" / "templates" / "forecast"
        template.mkdir(parents=True)
        (template / "index.html.j2").write_text(_TEMPLATE.replace("%s", colors.alone()), encoding="utf-8")
        (template / "conf.json").write_text('{"base_template": "lab"}', encoding="utf-8")
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [folder, os.environ.get("JUPYTER_PATH")]))
        kernels.settle()
        Voila.launch_instance(
            [
                str(path),
                f"--port={port}",
                "--Voila.auto_token=True",
                "--show_tracebacks=False",
                "--template=forecast",
                "--VoilaConfiguration.multi_kernel_manager_class=forecast.app.kernels.Capped",
                f"--MappingKernelManager.cull_idle_timeout={gone}",
                f"--MappingKernelManager.cull_interval={max(1, gone // 10)}",
            ],
            ip="127.0.0.1",
            open_browser=browser,
            tornado_settings={
                "headers": {"Content-Security-Policy": _AT_HOME, "Set-Cookie": goodbye},
                "jinja2_env": notes.Notes(),
                "voila_jinja2_env": notes.Notes(),
            },
        )
