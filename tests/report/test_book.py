import nbformat
import pytest
import yaml
from nbformat.v4 import new_markdown_cell, new_notebook

from drasclr_core.report.book import assemble, build
from drasclr_core.run import Run


@pytest.fixture
def run(tmp_path):
    """A run of which only two pages were executed, one of them for a second cohort."""
    run = Run(str(tmp_path / "r"))
    for cohort, stage in (("copd", "01_cohort"), ("covid", "01_cohort")):
        path = run.notebooks / cohort / f"{stage}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(new_notebook(cells=[new_markdown_cell(f"# Page of {cohort}")]), path)
    return run


def test_toc_holds_executed_pages_only_and_the_rest_are_stubs(run, tmp_path):
    source = tmp_path / "source"
    assemble(run, source)
    toc = (source / "_toc.yml").read_text()
    assert "notebooks/01_cohort" in toc and "notebooks/covid/01_cohort" in toc and "10_phenotypes" not in toc
    assert "orphan: true" in (source / "notebooks" / "10_phenotypes.md").read_text()
    assert (source / "_generated" / "headline.md").exists() and (source / "provenance.md").exists()
    pages = [entry["file"] for part in yaml.safe_load(toc)["parts"] for entry in part["chapters"]]
    assert len(pages) == len(set(pages))


def test_failed_build_keeps_the_last_good_book(run, monkeypatch):
    good = run.folder / "book" / "html" / "index.html"
    good.parent.mkdir(parents=True)
    good.write_text("good")
    broken = new_notebook(cells=[new_markdown_cell("# Broken\n\n{cite}`NobodyEver1900`")])
    nbformat.write(broken, run.notebooks / "copd" / "01_cohort.ipynb")
    with pytest.raises(RuntimeError, match="NobodyEver1900"):
        build(run)
    assert good.read_text() == "good"
