"""How Sphinx builds one language of the site; `forecast report` copies this beside the pages and a site.json."""

import json
import sys
from pathlib import Path

here = Path(__file__).parent
sys.path.insert(0, str(here))
site = json.loads((here / "site.json").read_text(encoding="utf-8"))

project = html_title = site["title"]
language = site["language"]
extensions = ["myst_nb", "search_folded", "theme_words"]
exclude_patterns = ["templates", "static", "locale"]
templates_path = ["templates"]
locale_dirs = ["locale"]  # the theme's own few words, which Sphinx does not translate

nb_execution_mode = "off"  # the notebooks come with their outputs
nb_render_markdown_format = "myst"
nb_output_stderr = "remove"
nb_ipywidgets_js = {}  # these would come from the network
nb_code_prompt_show = site["show_code"]
nb_code_prompt_hide = site["hide_code"]
nb_merge_streams = True
smartquotes = False  # it would make one dash of the two of --option
myst_enable_extensions = []  # no mathematics: nothing to load
myst_links_external_new_tab = True
suppress_warnings = ["myst.header", "mystnb.unknown_mime_type"]

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css", "pictures.css"]  # the second one is written with the pages
html_js_files = [("site.js", {"priority": 900})]  # after the words of Sphinx, which it adds to
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_show_sphinx = False
html_show_search_summary = False  # a page opened from a folder may not fetch another one
html_use_index = False
html_domain_indices = False
html_context = {name: site[name] for name in ("languages", "language_label", "pdfs", "pdf_label", "code_label")}
html_theme_options = {
    "light_css_variables": site["colors"]["light"]
    | {"font-stack": "'Noto Sans', 'Segoe UI', 'DejaVu Sans', sans-serif"},
    "dark_css_variables": site["colors"]["dark"],
}
