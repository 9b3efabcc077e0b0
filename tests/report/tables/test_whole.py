"""The paper's tables whole: no row of the paper is missing, and what was not run says so."""

import re

import pandas as pd
import pytest

from drasclr_core import paper
from drasclr_core.evaluate import beside_paper
from drasclr_core.report.tables.whole import NOT_PRINTED, NOT_RUN, whole_table
from drasclr_core.workflow.paper_page import TABLES


def rows_of(html):
    """Cells of every row, by the name in its head; headings of groups have none."""
    found = {}
    for row in re.findall(r"<tr.*?</tr>", str(html).partition("</thead>")[2], re.DOTALL):
        cells = [re.sub(r"<br>", "/", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
        name, *values = [re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in cells]
        found[" ".join(name.split())] = [" ".join(value.split()) for value in values]
    return found


def ours(**means):
    rows = [
        {"method": method, "task": "logFEV1pp", "metric": "R2", "mean": mean, "sd": 0.1}
        for method, mean in means.items()
    ]
    return beside_paper(pd.DataFrame(rows), "table2")


@pytest.mark.parametrize("name", paper.TABLES)
def test_without_a_run_every_number_of_the_paper_is_there(name):
    html = whole_table(name, None, TABLES[name].shows)
    printed = paper.table(name).dropna(subset="mean")
    cells = [cell for values in rows_of(html).values() for cell in values if cell not in ("–/ –", "")]
    assert len(cells) == len(printed)
    assert str(html).count(NOT_RUN) == len(printed.drop_duplicates(["group", "method"]))


def test_ours_stands_above_the_papers_between_floor_and_ceiling():
    made = rows_of(whole_table("table2", ours(chance=-0.01, drasclr=0.44, drasclr_local=0.4, truth=0.7), "phenotypes"))
    names = list(made)
    assert made["DrasCLR"][0] == "0.44 ±0.10 / 0.63 ±0.01"
    assert made["DrasCLR without neighbours"][0].endswith("0.62 ±0.02"), "Table 8 prints it"
    assert made[f"Floor: Chance {NOT_PRINTED}"][0] == "−0.01 ±0.10 / –"
    assert made[f"MoCo {NOT_RUN}"][0] == "–/ 0.40 ±0.02"
    assert names[:2] == ["Without an image", f"Floor: Chance {NOT_PRINTED}"]
    assert names[-2:] == ["Ceiling", f"True disease {NOT_PRINTED}"]
