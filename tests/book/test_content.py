"""The sources of the book: complete, portable, and every code example true."""

import doctest
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
PAGES = sorted(BOOK.rglob("*.md"))
MADE_BY_THE_RUNNER = {"provenance", "paper_tables", "cover.jpg"}
TERMS = (  # of the design; readers may look each of them up
    "landmark", "location", "patch", "view", "query", "key", "negative", "memory bank", "experts", "routing weights",
    "readout", "fine-tuning", "run", "preset", "stage", "phantom",
)  # fmt: skip


def name(path: Path) -> str:
    return path.relative_to(BOOK).as_posix()


def fences(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def toc_pages() -> list[str]:
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text())
    return [toc["root"], *(entry["file"] for part in toc["parts"] for entry in part["chapters"] if "file" in entry)]


def glossary() -> set[str]:
    blocks = re.findall(r"^```\{glossary\}\n(.*?)^```", (BOOK / "glossary.md").read_text(), re.MULTILINE | re.DOTALL)
    return {line for block in blocks for line in block.splitlines() if line and not line.startswith(" ")}


@pytest.mark.parametrize("page", toc_pages())
def test_page_of_the_toc_exists(page):
    source = BOOK / f"{page}.md"
    assert page in MADE_BY_THE_RUNNER or source.exists(), f"_toc.yml lists {page}, but there is no {source.name}"


def test_every_page_is_in_the_toc():
    assert {name(page).removesuffix(".md") for page in PAGES} <= set(toc_pages())


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_pictures_exist_and_have_alternative_text(page):
    for picture, options in re.findall(r"^```\{figure\} (\S+)\n((?::.*\n)*)", page.read_text(), re.MULTILINE):
        assert picture in MADE_BY_THE_RUNNER or (page.parent / picture).exists(), picture
        assert re.search(r"^:alt: .{20,}", options, re.MULTILINE), f"{picture} has no alternative text"


def test_every_cited_reference_is_in_the_bibliography():
    known = set(re.findall(r"^@\w+\{(\w+),", (BOOK / "references.bib").read_text(), re.MULTILINE))
    text = "".join(page.read_text() for page in [*PAGES, *(ROOT / "notebooks").glob("*.ipynb")])
    cited = {key.strip() for keys in re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text) for key in keys.split(",")}
    assert cited
    assert not cited - known


def test_glossary_has_the_terms_of_the_design():
    assert not set(TERMS) - glossary()


def test_every_linked_term_is_in_the_glossary():
    terms = {term.lower() for term in glossary()}
    for page in PAGES:
        for target in re.findall(r"\{term\}`([^`]+)`", page.read_text()):
            linked = re.search(r"<(.+)>$", target)
            assert (linked[1] if linked else target).lower() in terms, f"{name(page)}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_absolute_path(page):
    assert not re.search(r"(?<![\w.<>/])/(home|root|work|tmp|Users|mnt|data)/", page.read_text())


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_code_fits_the_page(page):
    lines = [line for block in fences(page.read_text(), r"\w+") for line in block.splitlines()]
    assert all(len(line) <= 76 for line in lines), "the page would scroll sideways: " + max(lines, key=len)


@pytest.mark.parametrize("page", [page for page in PAGES if fences(page.read_text(), "pycon")], ids=name)
def test_examples_are_true(page):
    """Runs the page's examples in one session, as a reader would."""
    source = "\n".join(fences(page.read_text(), "pycon"))
    examples = doctest.DocTestParser().get_doctest(source, {}, name(page), str(page), 0)
    report = []
    outcome = doctest.DocTestRunner(verbose=False).run(examples, out=report.append)
    assert outcome.attempted and not outcome.failed, "".join(report)


def test_equations_1_to_11_are_there_once():
    tags = re.findall(r"\\tag\{(\d+)\}", "".join(page.read_text() for page in (BOOK / "method").glob("*.md")))
    assert sorted(map(int, tags)) == list(range(1, 12))
