"""What CONTRIBUTING.md says of the rooms is what the import contract checks."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def layers():
    """The rooms of each layer, those that import nothing first."""
    (contract,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return [{name.strip() for name in layer.split("|")} for layer in reversed(contract["layers"])]


def test_the_table_has_every_room_in_the_order_of_the_contract():
    table = TEXT[TEXT.index("| room |") :].split("\n\n")[0]
    rows = [re.findall(r"`(\w+)`", line.split("|")[1]) for line in table.splitlines()[2:]]
    order = {name: number for number, layer in enumerate(layers()) for name in layer}
    told = [name for row in rows for name in row]
    assert sorted(told) == sorted(order), "a room is missing, or there is none of this name"
    assert [order[name] for name in told] == sorted(order.values())


def test_every_arrow_of_the_picture_leads_to_a_later_room():
    picture = re.search(r"```mermaid\n(.*?)```", TEXT, re.DOTALL)[1]
    order = {name: number for number, layer in enumerate(layers()) for name in layer}
    drawn = set()
    for line in picture.splitlines():
        steps = [[name.strip() for name in step.split("&")] for step in line.split("-->")]
        for before, after in pairwise(steps):
            rooms = [(one, other) for one in before for other in after if one in order]
            assert all(order[one] < order[other] for one, other in rooms), line
            drawn |= {name for pair in rooms for name in pair}
    assert drawn == {name for name in order if (ROOT / "drasclr_core" / name).is_dir()}
