"""Windows of a desk and a phone, and how pages are opened in them."""

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def open_page(page, address: str) -> None:
    """Load a page and wait until its equations are typeset."""
    page.goto(address, wait_until="load")
    if page.locator(".math").count():
        page.wait_for_function("window.MathJax?.startup?.promise !== undefined")
        page.evaluate("() => MathJax.startup.promise")


def toc_addresses(page, site: str) -> list[str]:
    """Addresses of all pages in the sidebar."""
    page.goto(site + "index.html")
    links = page.eval_on_selector_all("nav.bd-links a.reference", "all => all.map(a => a.href)")
    return list(dict.fromkeys(link.split("#")[0] for link in links if link.startswith(site)))
