"""The rooms of the package: imports go one way, each room says what it is for and what others may use of it."""

import importlib
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import drasclr_core
from drasclr_core.run import project_root

ROOT = project_root(__file__)
PACKAGES = sorted(one.name for one in pkgutil.walk_packages(drasclr_core.__path__, "drasclr_core.") if one.ispkg)
MOST_NAMES = 12
READERS = [*sorted((ROOT / "notebooks").glob("*.ipynb")), *sorted((ROOT / "book").rglob("*.md")), ROOT / "README.md"]


def test_imports_go_one_way():
    done = subprocess.run([Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("name", PACKAGES)
def test_a_room_says_what_it_is_for_and_what_it_gives(name):
    room = importlib.import_module(name)
    assert len(room.__doc__.split()) >= 5
    given = getattr(room, "__all__", [])
    assert len(given) <= MOST_NAMES, f"{name} gives {len(given)} names: it is more than one room"
    inside = {module.name for module in pkgutil.iter_modules(room.__path__)}
    assert all(one in inside or hasattr(room, one) for one in given)


@pytest.mark.parametrize("path", READERS, ids=lambda path: path.stem)
def test_pages_import_only_what_rooms_give(path):
    """Notebooks and book see packages (and the modules at the top), never the modules inside them."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    for module, several, one in re.findall(r"from (drasclr_core[\w.]*) import (?:\(([\w, \n]+)\)|([\w, ]+))", text):
        given = importlib.import_module(module)
        assert module in PACKAGES or module.count(".") <= 1, f"{path.name} imports from the module {module}"
        if module in PACKAGES:
            names = {name.split(" as ")[0].strip() for name in (several or one).split(",") if name.strip()}
            hidden = names - set(given.__all__)
            assert not hidden, f"{path.name}: {module} does not give {', '.join(sorted(hidden))}"
