"""The list of pages is made of the notebooks' own titles and questions."""

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook

from forecast.show import contents


def test_every_notebook_has_its_line_in_both_languages():
    for lang in ("vi", "en"):
        lines = contents.table(lang).splitlines()
        assert len(lines) == len(contents.pages()) > 10
        assert all(line.startswith("- [**") and ".ipynb): " in line for line in lines)


def test_a_line_leads_to_its_page_and_has_the_question_or_else_the_first_sentence(tmp_path):
    cells = {
        "a": "# Which way?\n\nWords. **The question:** is it; or not? **The answer:** no.",
        "b": "# A page\n\nText about\n1.5 things. More.",
        "c": "# Another",
    }
    nbformat.write(new_notebook(), tmp_path / "00_start.ipynb")
    for number, (name, source) in enumerate(cells.items(), 1):
        book = new_notebook(cells=[new_markdown_cell(source, metadata={"tags": ["en"]})])
        nbformat.write(book, tmp_path / f"0{number}_{name}.ipynb")
    assert contents.table("en", tmp_path).splitlines() == [
        "- [**Which way**](01_a.ipynb): is it; or not?",
        "- [**A page**](02_b.ipynb): text about 1.5 things.",
        "- [**Another**](03_c.ipynb)",
    ]
