import json

import nbformat
import pytest
import yaml
from nbformat.v4 import new_markdown_cell, new_notebook

from drasclr_core.run import Run, project_root
from drasclr_core.workflow.book import assemble, build, main
from drasclr_core.workflow.borrowed import COMMITTED, as_borrowed, borrowed_pages
from drasclr_core.workflow.stages import read_notebooks

EXERCISES = "## Exercises\n\n:::{exercise}\n:label: exercise-of-the-page\n\nThink.\n:::"


@pytest.fixture
def run(tmp_path):
    """A run of which only two pages were executed, one of them for a second cohort."""
    run = Run(str(tmp_path / "r"))
    for cohort, stage in (("copd", "01_cohort"), ("covid", "01_cohort")):
        path = run.notebooks / cohort / f"{stage}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = (
            f"# Page of {cohort}\n\nSee [it](01_cohort.ipynb) and [more](10_phenotypes.ipynb).",
            EXERCISES,
            "## Provenance",
        )
        nbformat.write(new_notebook(cells=[new_markdown_cell(text) for text in texts]), path)
    return run


def test_toc_holds_executed_pages_only_and_the_rest_are_stubs(run, tmp_path):
    source = tmp_path / "source"
    assemble(run, source)
    toc = (source / "_toc.yml").read_text()
    assert "10_phenotypes" not in toc
    assert "orphan: true" in (source / "notebooks" / "10_phenotypes.md").read_text()
    stub = (source / "notebooks" / "10_phenotypes.md").read_text()
    assert "# Phenotypes: what a linear" in stub and "presets/demo.yaml --run r" in stub
    assert (source / "_generated" / "answer.md").exists() and (source / "provenance.md").exists()
    entries = [entry for part in yaml.safe_load(toc)["parts"] for entry in part["chapters"]]
    assert len(entries) == len({entry["file"] for entry in entries})
    below = [{"file": "notebooks/01_cohort-covid", "title": "cohort covid"}]
    assert {"file": "notebooks/01_cohort", "title": "01 · Page of copd", "sections": below} in entries


def test_tables_are_offered_but_for_draws_of_a_bootstrap(run, tmp_path):
    run.results.mkdir()
    for name in ("mine.csv", "mine_bootstrap.csv"):
        (run.results / name).write_text("method,draw\nlaa950,1\n")
    assemble(run, tmp_path / "source")
    offered = tmp_path / "source" / "_static"
    assert (offered / "mine.csv").exists() and not (offered / "mine_bootstrap.csv").exists()


def test_second_page_of_a_notebook_is_named_and_has_no_exercises(run, tmp_path):
    assemble(run, tmp_path / "source")
    first, second = (
        (tmp_path / "source" / "notebooks" / f"01_cohort{end}.ipynb").read_text() for end in ("", "-covid")
    )
    assert "exercise-of-the-page" in first and "exercise-of-the-page" not in second
    assert "# Page of copd\\n" in first and "# Page of covid (cohort covid)\\n" in second
    assert "](01_cohort-covid.ipynb)" in second and "](01_cohort.ipynb)" in first and "## Provenance" in second
    assert "](10_phenotypes.md)" in first and "](10_phenotypes.md)" in second, "a link to a page that was not made"


def test_page_of_a_method_lies_below_the_notebook_s_first_page(run, tmp_path):
    pages = run.notebooks / "copd"
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Training")]), pages / "06_pretrain.ipynb")
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Training")]), pages / "06_pretrain-drasclr_local.ipynb")
    assemble(run, tmp_path / "source")
    page = tmp_path / "source" / "notebooks" / "06_pretrain-drasclr_local-copd.ipynb"
    assert "# Training (cohort copd, DrasCLR without neighbours)" in page.read_text()


def test_notebook_that_only_another_cohort_ran_keeps_its_address(run, tmp_path):
    nbformat.write(
        new_notebook(cells=[new_markdown_cell("# Severity\n\n[whom](01_cohort.ipynb)")]),
        run.notebooks / "covid" / "12_covid_severity.ipynb",
    )
    assemble(run, tmp_path / "source")
    assert "](01_cohort-covid.ipynb)" in (tmp_path / "source" / "notebooks" / "12_covid_severity.ipynb").read_text()


def test_failed_build_keeps_the_last_good_book(run, monkeypatch):
    good = run.folder / "book" / "html" / "index.html"
    good.parent.mkdir(parents=True)
    good.write_text("good")
    broken = new_notebook(cells=[new_markdown_cell("# Broken\n\n{cite}`NobodyEver1900`")])
    nbformat.write(broken, run.notebooks / "copd" / "01_cohort.ipynb")
    with pytest.raises(RuntimeError, match="NobodyEver1900"):
        build(run)
    assert good.read_text() == "good"


def test_a_notebook_without_a_place_is_named(run, tmp_path, monkeypatch, write_notebook):
    for name in ("book", "_config.yml"):
        (tmp_path / name).symlink_to(project_root(__file__) / name)
    (tmp_path / "notebooks").mkdir()
    write_notebook(tmp_path / "notebooks/01_cohort.ipynb", part="Stges")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"01_cohort.ipynb: no place for its part 'Stges'.*did you mean 'Stages'"):
        assemble(run, tmp_path / "source")


def test_a_misspelt_run_is_one_line(run, monkeypatch):
    monkeypatch.setattr("sys.argv", ["book", "--run", str(run.folder.with_name("q"))])
    with pytest.raises(SystemExit, match="No run 'q' in"):
        main()


@pytest.fixture
def committed(tmp_path, monkeypatch):
    """A larger run whose pages are committed, in a project of its own."""
    larger = Run(str(tmp_path / "runs" / "ablations"))
    (larger.notebooks / "copd").mkdir(parents=True)
    text = "# Conditioning\n\nTable 6 of many subjects, see [it](01_cohort.ipynb)."
    page = new_notebook(cells=[new_markdown_cell(text), new_markdown_cell("## Provenance")])
    nbformat.write(page, larger.notebooks / "copd" / "30_conditioning.ipynb")
    nbformat.write(page, larger.notebooks / "copd" / "10_phenotypes.ipynb")
    monkeypatch.setattr("drasclr_core.workflow.borrowed.project_root", lambda: tmp_path)
    return larger


def made_by(run, **parameters):
    stages = run.results / "stages"
    stages.mkdir(parents=True)
    record = {"run": run.name, "stage": "01_cohort", "cohort": "copd", "parameters": parameters}
    (stages / "copd-01_cohort.json").write_text(json.dumps(record))


def test_a_page_that_takes_a_large_run_is_borrowed_and_says_so(run, committed):
    made_by(run, subjects=12)
    found = borrowed_pages(run, read_notebooks(), {"01_cohort"})
    assert list(found) == ["30_conditioning"], "the phenotypes are a page that every run makes itself"
    assert borrowed_pages(run, read_notebooks(), {"30_conditioning"}) == {}
    page = as_borrowed(nbformat.read(found["30_conditioning"], as_version=4), found["30_conditioning"])
    nbformat.validate(page)
    assert page.cells[0].source == "# Conditioning" and "from the run `ablations`" in page.cells[1].source
    assert page.cells[2].source.startswith("Table 6 of many subjects") and len(page.cells) == 4


@pytest.mark.parametrize("given", [{"manifest": "scans.csv"}, None])
def test_a_run_on_somebody_s_scans_borrows_nothing(run, committed, given):
    if given:
        made_by(run, **given)
    assert borrowed_pages(run, read_notebooks(), set()) == {}


@pytest.mark.parametrize("name", COMMITTED)
def test_a_committed_run_is_known_wherever_runs_are_left_out(name):
    """Git keeps it, the image holds it, and `make clean` spares it."""
    root = project_root(__file__)
    assert list((root / "runs" / name / "notebooks").glob("*/*.ipynb"))
    for file, line in (
        (".gitignore", f"!runs/{name}/"),
        (".dockerignore", f"!runs/{name}"),
        ("Makefile", f"! -name {name}"),
    ):
        assert line in (root / file).read_text(), file
