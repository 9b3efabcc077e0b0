"""Every page of the built book as a browser shows it. A file of its own: two workers share the book's tests."""

import pytest

from .windows import DESKTOP, PHONE, open_page, toc_addresses

# Width and alternative text of each picture; those below the window are loaded too.
PICTURES = """() => Promise.all([...document.querySelectorAll('article img')].map(picture => {
  picture.loading = 'eager';
  return picture.decode().then(() => [picture.naturalWidth, picture.alt], () => [0, picture.alt]);
}))"""


@pytest.mark.slow
def test_every_page_is_whole(page, site):
    """All pages: pictures, equations, no errors, nothing from elsewhere, nothing wider than the window or a phone."""
    addresses = toc_addresses(page, site)
    assert len(addresses) >= 10
    with_equations = 0
    for address in addresses:
        open_page(page, address)
        where = address.removeprefix(site)
        assert not page.problems, f"{where}: {page.problems}"
        for width, alternative in page.evaluate(PICTURES):
            assert width > 0, f"{where}: picture missing"
            assert (alternative or "").strip(), f"{where}: picture without alternative text"
        equations = page.locator("article .math").count()
        with_equations += equations > 0
        assert page.locator("article mjx-container").count() >= equations, f"{where}: equations not typeset"
        assert page.locator("mjx-merror").count() == 0, f"{where}: an equation has an error"
        text = page.locator("article").inner_text()
        assert not any(raw in text for raw in ("\\(", "$$", "\\frac", "{cite", "{term", "{csv-table", ":::", "```")), f"{where}: raw markup"
        assert overflow(page) <= 1, f"{where}: wider than the window"
        page.set_viewport_size(PHONE)
        assert overflow(page) <= 1, f"{where}: wider than the screen of a phone"
        page.set_viewport_size(DESKTOP)
    assert with_equations >= 3


def overflow(page) -> float:
    """By how many pixels the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
