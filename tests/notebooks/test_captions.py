"""Every table that a notebook shows has a caption of its own, as far as its code tells."""

import ast

import nbformat
import pandas as pd
import pytest
from pandas.io.formats.style import Styler

from drasclr_core.run import project_root

NOTEBOOKS = sorted((project_root(__file__) / "notebooks").glob("*.ipynb"))
CAPTIONED = {"titled", "folded", "table_html", "scorecard_table"}
"""What gives a table its caption, or the line that opens it."""
NO_TABLES = {"csv_links", "interactive", "view_3d", "Markdown"}
SENTENCES = {"90_your_ct": 2}
"""Pages that show sections of a report which hold no table, and how many."""


def called(node):
    names = (one.func for one in ast.walk(node) if isinstance(one, ast.Call))
    return {func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "") for func in names}


def shown(statement, last):
    """What a statement of a cell shows: the arguments of ``display``, and the value of the last line."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "display":
            yield from (argument for argument in node.args)
    if last and isinstance(statement, ast.Expr) and "display" not in called(statement):
        yield statement.value


def without_caption(node, displayed=True):
    """The tables in what is shown; a call that is not displayed is one only if pandas has a method of its name."""
    if isinstance(node, ast.IfExp):
        return [*without_caption(node.body, displayed), *without_caption(node.orelse, displayed)]
    if isinstance(node, ast.Starred):
        return without_caption(node.value)
    if isinstance(node, ast.GeneratorExp | ast.ListComp):
        return without_caption(node.elt)
    if isinstance(node, ast.List | ast.Tuple):
        return [one for part in node.elts for one in without_caption(part)]
    if isinstance(node, ast.Constant):
        return []
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "HTML":
            return [] if called(node) & (CAPTIONED | NO_TABLES) else [ast.unparse(node)]
        known = hasattr(pd.DataFrame, name) or hasattr(Styler, name) or name == "DataFrame"
        pandas = known and isinstance(node.func, ast.Attribute)
        return [ast.unparse(node)] if name not in CAPTIONED | NO_TABLES and (pandas or displayed) else []
    return [ast.unparse(node)]


def found(source):
    body = ast.parse(source).body
    for number, statement in enumerate(body, start=1):
        last = number == len(body)
        for node in shown(statement, last):
            yield from without_caption(node, displayed=not (last and node is getattr(statement, "value", None)))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_table_has_a_caption_of_its_own(path):
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    bare = [text[:100] for source in cells for text in found(source)]
    assert len(bare) <= SENTENCES.get(path.stem, 0), "\n".join(bare)


@pytest.mark.parametrize(
    "source",
    [
        "table.set_index('a')",
        "pd.DataFrame(x) if x else None",
        "if x:\n    display(Markdown('a'), table)",
        "display(HTML(bare(table.to_html())))",
        "table",
    ],
)
def test_a_table_without_a_caption_is_seen(source):
    assert len(list(found(source))) == 1


@pytest.mark.parametrize(
    "source",
    ["HTML(titled(table, 'a')) if x else Markdown('b')", "display(HTML(csv_links(*files)))", "align(here, table)"],
)
def test_what_has_a_caption_or_is_no_table_passes(source):
    assert list(found(source)) == []
