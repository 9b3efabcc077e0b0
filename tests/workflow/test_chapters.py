"""Chapters of the course: from a MyST source to an executed notebook, once, each for itself."""

import subprocess
import sys
import time

import pytest
from filelock import FileLock

from drasclr_core.workflow.chapters import add_chapters, executed_chapters, read_chapter

HEAD = "---\nkernelspec:\n  name: python3\n---\n\n# A chapter\n\nText.\n\n"


def chapter(folder, name, *codes, text=""):
    path = folder / f"{name}.md"
    cells = "".join(f"```{{code-cell}} ipython3\n:tags: [answer]\n{code}\n```\n\n" for code in codes)
    path.write_text(HEAD + text + "\n\n" + cells)
    return path


def test_a_chapter_is_read_with_its_solutions(tmp_path):
    path = chapter(tmp_path, "01_one", "a = 1", text="<!-- solution: 1-negatives -->")
    text, code = read_chapter(path).cells
    assert "```python\ndef allowed_negatives(place, subject, j, i):" in text.source and "<!--" not in text.source
    assert code.source == "a = 1" and code.metadata.tags == ["answer"] and code.id == "01-one-1"
    with pytest.raises(ValueError, match=r"01_one.md: there is no exercise '1-nothing'"):
        read_chapter(chapter(tmp_path, "01_one", text="<!-- solution: 1-nothing -->"))


def test_chapters_are_executed_once_each_for_itself_and_a_failure_names_the_chapter(tmp_path):
    book, cache = tmp_path / "course", tmp_path / "cache"
    book.mkdir()
    one = chapter(
        book,
        "01_one",
        "import os\nnumber = 41",
        "import sys\nprint('one', end=' '); sys.stdout.flush(); print(os.getpid()); number + 1",
    )
    two = chapter(book, "02_two", "'number' in globals()")
    first = executed_chapters([one, two], cache)
    printed, result = first[0].cells[2].outputs
    assert printed.text.startswith("one ") and printed.text.count("\n") == 1 and result["data"]["text/plain"] == "42"
    assert first[1].cells[1].outputs[0]["data"]["text/plain"] == "False", "nothing is left of the chapter before"
    assert first[0].metadata.course.memory_mb > 10
    assert executed_chapters([one, two], cache) == first, "the kernel's id says that it was not executed again"
    chapter(book, "02_two", "1 / 0")
    with pytest.raises(RuntimeError, match=r"02_two.md.*\n.*ZeroDivisionError: division by zero"):
        executed_chapters([one, two], cache)
    two.unlink()
    add_chapters(book, cache)
    assert [path.name for path in book.iterdir()] == ["01_one.ipynb"]


def test_who_is_stopped_lets_go_of_the_cache(tmp_path):
    cache, begun = tmp_path / "cache", tmp_path / "begun"
    code = f"open({str(tmp_path / 'begun')!r}, 'w').close(); import time; time.sleep(600)"
    path = chapter(tmp_path, "01_one", code)
    script = ("import sys; from pathlib import Path; from drasclr_core.workflow.chapters import executed_chapters; "
              "executed_chapters([Path(sys.argv[1])], Path(sys.argv[2]))")  # fmt: skip
    process = subprocess.Popen([sys.executable, "-c", script, str(path), str(cache)])
    while not begun.exists():
        assert process.poll() is None, "it ended before it could be stopped"
        time.sleep(0.05)
    process.terminate()
    assert process.wait(timeout=120) != 0
    with FileLock(cache / ".lock", timeout=30):
        assert not list(cache.glob("*.ipynb"))
