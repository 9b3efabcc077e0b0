"""A browser for everything that is looked at as a reader sees it."""

import functools
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from .windows import DESKTOP

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no Chromium or Chrome found; install one or set CHROMIUM to its path")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments) -> None:
        pass


@pytest.fixture(scope="module")
def site(built_book) -> Iterator[str]:
    """Address of the book, served on the loopback interface."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=str(built_book)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser, site) -> Iterator:
    """A page that collects what went wrong in `page.problems`; requests to other hosts are refused."""
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    page.problems = []
    host = urlsplit(site).netloc

    def allow(route, request):
        if urlsplit(request.url).netloc in (host, ""):
            return route.continue_()
        page.problems.append(f"request to another host: {request.url}")
        return route.abort()

    def failed(request):
        # The browser gives up what it was still loading (often the icon) when the test goes on to the next page.
        # That is no fault, and hides none: a file that is missing is not given up but answered with 404.
        if request.failure != "net::ERR_ABORTED":
            page.problems.append(f"failed: {request.url}: {request.failure}")

    page.route("**/*", allow)
    page.on("console", lambda message: message.type == "error" and page.problems.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: page.problems.append(f"script error: {error}"))
    page.on("response", lambda answer: answer.status >= 400 and page.problems.append(f"{answer.status}: {answer.url}"))
    page.on("requestfailed", failed)
    yield page
    context.close()
