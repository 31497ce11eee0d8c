"""Notebooks are thin, speak both languages, hold no number of their own, and show what each place must show."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from forecast.publish import audit, page, pages

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
# A notebook about rules of teams shows one being written: its cells tagged "rule" may define the class and its methods.
RULE = (ast.ClassDef, ast.FunctionDef)
THICK = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.comprehension)
MUST_SHOW = {
    "01_da_bac": "648 trên 750|86,4%|1,3 tỷ đồng|1,5 tỷ đồng|11,6|90 trong 648|170 với 17",
    "02_dong_trieu": "3.550|37%|2.591|3.656|99,3%|389|21/5/2021, 11/7/2021, 25/9/2021, 27/11/2021",
    "03_ha_noi": "48.700|63.300|3.400|6.500|115 người|39,7 người|2,9 lần|25.221|14.600|14,7 đến 21,8%|50.739|37.000",
    "04_lao_cai": "8.700|67 người hộ nghèo|111 người hộ cận nghèo|792 triệu đồng",
    "05_ca_mau": "36.720|6%|116.400|19,61%|100.720|15.680|19.920|612.000|593.575|26.948|21.824|700.000|1.500.000",
}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def book(request):
    return nbformat.read(request.param, 4)


def test_there_is_a_first_page_and_one_for_each_of_the_five_places():
    assert [p.stem for p in NOTEBOOKS][:6] == ["00_start_here", *MUST_SHOW]


def test_code_asks_and_shows_and_defines_nothing(book):
    for cell in book.cells:
        if cell.cell_type == "code":
            free = RULE if "rule" in cell.metadata.get("tags", []) else ()
            thick = [
                type(node).__name__
                for node in ast.walk(ast.parse(cell.source))
                if isinstance(node, THICK) and not isinstance(node, free)
            ]
            assert not thick, f"{cell.id}: {thick}"


def test_one_notebook_alone_writes_a_rule_and_it_is_a_class_of_a_few_lines():
    rules = {
        (path.stem, cell.source)
        for path in NOTEBOOKS
        for cell in nbformat.read(path, 4).cells
        if "rule" in cell.metadata.get("tags", [])
    }
    ((stem, source),) = rules
    (written,) = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    assert stem == "06_teams" and written.end_lineno - written.lineno < 10


def test_prose_is_in_both_languages_and_its_numbers_come_from_cells(book):
    prose = [cell for cell in book.cells if cell.cell_type == "markdown"]
    for lang in ("vi", "en"):
        ids = {c.id.removesuffix(f"-{lang}") for c in prose if c.metadata.get("tags") == [lang]}
        assert ids == {c.id.rsplit("-", 1)[0] for c in prose}
        assert all(
            c.source.endswith(page.mark(lang)) for c in prose if c.metadata["tags"] == [lang]
        )  # JupyterLab hides
    for cell in prose:
        text = re.sub(r"^\d\. ", "", cell.source, flags=re.MULTILINE)  # the numbers of a list
        assert not re.search(r"\d", text), f"{cell.id}: a number that no run gives"


def test_every_page_ends_with_its_sources_and_what_is_only_recalled_and_belongs_somewhere(book):
    end = "\n".join(cell.source for cell in book.cells[-8:] if cell.cell_type == "code")
    assert "figures.source_list(" in end and "figures.statuses(" in end
    about = book.metadata["forecast"]
    assert pages.part(book) in pages.PARTS and (about.get("part") or about.get("place"))
    assert pages.on_paper(book) or pages.part(book) not in ("today", "places")
    assert audit.by_hand(book) == []


def test_a_reader_in_jupyterlab_sees_prose_and_answers_before_what_is_run_for_them(book):
    runs = [cell for cell in book.cells if "run" in cell.metadata.get("tags", [])]
    assert runs and all(cell.metadata["jupyter"]["source_hidden"] for cell in runs)


def test_what_runs_once_for_all_languages_is_not_written_over(book):
    """The second language reads the names that the first one's cells have set."""
    once, later = set(), set()
    for cell in book.cells:
        if cell.cell_type == "code":
            names = {
                n.id
                for n in ast.walk(ast.parse(cell.source))
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            }
            (once if "run" in cell.metadata.get("tags", []) else later).update(names)
    assert not once & later


def test_every_cell_has_run_in_order_without_a_warning(book):
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [cell.id for cell in cells for out in cell.outputs if out.output_type in ("stream", "error")]


@pytest.mark.parametrize("stem", MUST_SHOW)
def test_a_place_shows_its_published_figures_and_its_answer(stem):
    book = nbformat.read(next(p for p in NOTEBOOKS if p.stem == stem), 4)
    shown = "\n".join(
        out.data.get("text/markdown", "")
        for cell in book.cells
        if cell.cell_type == "code"
        for out in cell.outputs
        if "data" in out
    )
    missing = [figure for figure in MUST_SHOW[stem].split("|") if figure not in shown]
    assert not missing
    opening = [cell.id for cell in book.cells if cell.cell_type == "code"][2]
    assert opening == "headline" and "Khả năng đạt chỉ tiêu" in shown
