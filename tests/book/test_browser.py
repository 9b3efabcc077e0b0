"""The built book in a real browser: what a reader sees is there, offline, in both themes and on a phone."""

from __future__ import annotations

import functools
from itertools import pairwise
from pathlib import Path
from urllib.parse import urljoin

import pytest
from bs4 import BeautifulSoup

from .windows import DESKTOP, PHONE, open_page, toc_addresses

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


def test_equations_fit_their_column(page, site):
    for chapter in ("idea", "alignment", "locconv", "losses"):
        open_page(page, f"{site}method/{chapter}.html")
        for block in page.locator("div.math").all():
            # The container scrolls, so the page itself would not show it.
            assert block.evaluate("b => b.scrollWidth - b.clientWidth") <= 1, f"{chapter}: {block.inner_text()[:60]}"


def test_next_and_previous_lead_through_the_book(page, site, built_book):
    pages = toc_addresses(page, site)
    for here, following in pairwise(pages):
        arrow = _soup(built_book / here.removeprefix(site)).select_one("a.right-next")
        assert urljoin(here, arrow["href"]) == following
    open_page(page, pages[0])
    page.locator("a.right-next").click()
    page.wait_for_url(pages[1])
    page.locator("a.left-prev").click()
    page.wait_for_url(pages[0])


def test_sidebar_leads_to_the_glossary(page, site):
    open_page(page, site + "index.html")
    page.locator("nav.bd-links a", has_text="Glossary").click()
    page.wait_for_load_state()
    assert page.locator("dt#term-landmark").is_visible()
    assert not page.problems


def test_links_inside_the_book_have_targets(page, site, built_book):
    """Every link of every page leads to a file that exists, and to an anchor that exists on it."""
    soups = {address: _soup(built_book / address.removeprefix(site)) for address in toc_addresses(page, site)}
    for address, soup in soups.items():
        for link in soup.select("article a[href]"):
            target, _, anchor = urljoin(address, link["href"]).partition("#")
            if target.startswith(site):
                assert (built_book / target.removeprefix(site)).is_file(), f"{address}: no {target}"
                found = not anchor or target not in soups or soups[target].find(id=anchor)
                assert found, f"{address}: no {target}#{anchor}"


def test_search_finds_a_term(page, site):
    open_page(page, site + "index.html")
    page.keyboard.press("Control+k")
    field = page.locator("input[type=search]:visible").first
    field.fill("emphysema")
    field.press("Enter")
    page.wait_for_selector("#search-results li a")
    hits = page.locator("#search-results li a").all_inner_texts()
    assert any("Glossary" in hit for hit in hits)
    pages = page.locator("#search-results li a").evaluate_all("all => all.map(a => [a.pathname, a.textContent].join())")
    assert len(pages) == len(set(pages)), "a page is there once for a title"
    assert not page.problems


def test_search_of_a_book_opened_as_a_file_shows_texts(browser, built_book):
    page = browser.new_page()
    page.goto(f"{(built_book / 'search.html').as_uri()}?q=emphysema")
    page.wait_for_selector("#search-results li p.context")
    assert "emphysema" in page.locator("#search-results li p.context").first.inner_text().lower()
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_background_differ_in_both_themes(page, site, theme):
    page.add_init_script(f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')")
    for name in ("index", "method/losses", "glossary"):
        open_page(page, f"{site}{name}.html")
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        for part in ("article p", "article td, article dd, article pre span"):
            contrast = page.locator(part).first.evaluate(CONTRAST)
            assert contrast >= 4.5, f"{name}, {theme}, {part}: contrast {contrast:.1f}"


def test_solutions_unfold(page, site):
    open_page(page, site + "method/losses.html")
    solution = page.locator(".solution").first
    content = solution.locator("p, .MathJax").last
    assert not content.is_visible()
    solution.locator("button").first.click()
    content.wait_for(state="visible")


def test_one_switch_shows_all_code_of_a_page(page, site):
    open_page(page, site + "notebooks/10_phenotypes.html")
    code, switch = page.locator("article .cell details.above-input .cell_input"), page.locator("button.show-code-button")
    assert code.count() > 3 and not any(one.is_visible() for one in code.all())
    assert page.locator("article summary:visible", has_text="Show code cell source").count() == 0
    switch.focus()
    page.keyboard.press("Enter")
    assert all(one.is_visible() for one in code.all()) and switch.get_attribute("aria-pressed") == "true"
    open_page(page, site + "notebooks/01_cohort.html")
    assert code.first.is_visible(), "the choice is kept from page to page"
    page.emulate_media(media="print")
    assert not code.first.is_visible() and not switch.is_visible()
    page.emulate_media(media="screen")
    switch.click()
    assert not code.first.is_visible()
    assert not page.problems


def test_a_page_of_results_opens_with_its_answer(page, site):
    open_page(page, site + "notebooks/10_phenotypes.html")
    figure = page.locator("article div.cell_output img").first.bounding_box()["y"]
    answer = page.locator("article div.cell_output strong").first.bounding_box()["y"]
    assert answer < figure < 600, "sentences and then their picture begin on the first screen"
    details = page.locator("article details.sd-dropdown", has_text="Details: inputs").first
    assert figure < details.bounding_box()["y"] and not details.evaluate("one => one.open")


def test_figures_lead_to_their_code_commit_and_file(page, site, built_book):
    open_page(page, site + "notebooks/10_phenotypes.html")
    figure = page.locator("article figure.numbered-figure").first
    assert figure.locator("figcaption b").inner_text() == "Figure 10.1."
    cell = figure.locator("xpath=ancestor::div[contains(concat(' ', @class, ' '), ' cell ')]")
    code = cell.locator(".cell_input")
    figure.locator("button.figure-code").click()
    assert code.is_visible() and page.locator("article .cell details.above-input .cell_input:visible").count() == 1
    figure.locator("button.figure-code").click()
    assert not code.is_visible()
    links = page.locator("article .made-by a[download]").all()
    assert any(link.get_attribute("href").startswith("data:text/csv") for link in links)
    for link in links:
        address = link.get_attribute("href")
        assert address.startswith("data:") or (built_book / "notebooks" / address).resolve().is_file()
    page.emulate_media(media="print")
    assert not figure.locator(".made-by").is_visible() and figure.locator("figcaption b").is_visible()
    assert not page.problems


def test_every_tab_leads_to_the_code_of_its_figures(page, site):
    open_page(page, site + "notebooks/01_cohort.html")
    page.locator("#twin-1").evaluate("one => one.click()")
    page.locator(".tag_twin-1 .figure-code:visible").first.click()
    assert page.locator("article .cell details.above-input .cell_input:visible").count() == 1
    assert not page.problems


def test_exercises_are_numbered_on_each_page(page, site):
    open_page(page, site + "method/losses.html")
    titles = page.locator("article .exercise .caption-number").all_inner_texts()
    assert [title.strip() for title in titles] == [f"Exercise {number}" for number in range(1, len(titles) + 1)]
    answers = page.locator("article .solution .admonition-title a").all_inner_texts()
    assert [answer.split(" (")[0].strip() for answer in answers] == [title.strip() for title in titles]


@functools.cache
def _soup(file: Path) -> BeautifulSoup:
    return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


# Contrast ratio of an element's text and the first opaque background behind it (WCAG 2).
CONTRAST = """element => {
  const parse = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  let box = element, behind = [255, 255, 255];
  for (; box; box = box.parentElement) {
    const colour = parse(getComputedStyle(box).backgroundColor);
    if (colour.length < 4 || colour[3] > 0.99) { behind = colour; break; }
  }
  const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind)].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
}"""
