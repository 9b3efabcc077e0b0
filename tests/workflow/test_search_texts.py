"""What the search shows of a page that it may not read."""

import json

from bs4 import BeautifulSoup

from drasclr_core.workflow.search_texts import FILE, write_search_texts

PAGE = """<article><section id="lungs"><h1>Lungs<a class="headerlink">#</a></h1><p>Air &lt; -400 HU.</p>
<script>hidden</script>
<section id="two"><h2>Two</h2><section id="three"><p>Deep.</p></section>
<dl><dt id="term-air">air</dt><dd>Gas.</dd></dl></section></section></article>"""


def test_texts_keep_their_sections_and_nothing_else(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "lungs.html").write_text(PAGE)
    (tmp_path / "search.html").write_text("<p>no article</p>")
    text = write_search_texts(tmp_path).read_text()
    assert (tmp_path / FILE).read_text() == text
    pages = json.loads(text.removeprefix("window.pageTexts = ").removesuffix(";\n"))
    assert list(pages) == ["notebooks/lungs"]
    main = BeautifulSoup(pages["notebooks/lungs"], "html.parser")
    assert main.div["role"] == "main" and "hidden" not in main.text and "#" not in main.text
    assert " ".join(main.select_one("#two #term-air").text.split()) == "air Gas."
    assert main.select_one("#three").text.strip() == "Deep." and main.select_one("#two #three")
    assert "Lungs Air < -400 HU." in main.select_one("#lungs").text and main.text.count("Deep.") == 1
