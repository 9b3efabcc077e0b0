"""The table of recipes that the book shows: rows of several sessions together, means, tries and the figure."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib import pyplot as plt
from recipes import COLUMNS, LABELS, RECIPES

from drasclr_core.files import atomic, read_json
from drasclr_core.methods import row_of
from drasclr_core.report import use_style


def with_earlier(measured: list[dict], path: Path) -> list[dict]:
    """Returns rows in the order of `RECIPES`: what a run measured, and the earlier table's trainings of other recipes.

    A recipe that was trained anew has the new rows only: its seeds shall differ by nothing else. An earlier row of a
    recipe that is no more is left out, and still counts as a try.

    Raises
    ------
    ValueError
        The rows are of several budgets, which no mean may mix.
    """
    again = {row["recipe"] for row in measured}
    earlier = pd.read_csv(path).to_dict("records") if path.exists() else []
    rows = [*measured, *(row for row in earlier if row["recipe"] in RECIPES and row["recipe"] not in again)]
    if len({row["budget"] for row in rows}) > 1:
        raise ValueError(f"{path.name} has trainings of another budget: say its --budget, or move the table away.")
    rows.sort(key=lambda row: (list(RECIPES).index(row["recipe"]), row["seed"]))
    return [{name: row[name] for name in COLUMNS} for row in rows]


def all_tries(measured: list[dict], path: Path) -> int:
    """Returns how many trainings were ever looked at: those of the earlier tables, and what is measured since."""
    one = ["recipe", "seed", "code", "budget"]
    earlier = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=one)
    known = set(earlier[one].itertuples(index=False, name=None))
    before = read_json(path.with_suffix(".json")).get("tries", len(known))
    return before + sum(tuple(row[name] for name in one) not in known for row in measured)


def means(table: pd.DataFrame) -> list[dict]:
    """Returns a row for each recipe: how many trainings, and the means that the page shows."""
    gains = {"local": table["chance"] - table["loss_local"], "neighbouring": table["chance"] - table["loss_neighbor"]}
    shown = table.assign(**gains)[["recipe", "CPU s", *gains, "accuracy", "effective rank", *LABELS]]
    by_recipe = shown.groupby("recipe", sort=False)
    found = by_recipe.mean().round({"CPU s": 0} | dict.fromkeys([*gains, "accuracy", "effective rank", *LABELS], 2))
    found.insert(0, "trainings", by_recipe.size())
    return found.reset_index().to_dict("records")


def draw(table: pd.DataFrame, known: dict[str, dict[str, float]], path: Path) -> None:
    """Draws R² by recipe and label, a dot per seed, with the marks as lines, and writes the picture."""
    use_style()
    recipes = [name for name in RECIPES if name in set(table["recipe"])]
    fig, axes = plt.subplots(1, len(LABELS), figsize=(9.2, 0.5 + 0.27 * len(recipes)), sharey=True)
    for axis, label in zip(axes, LABELS, strict=True):
        for place, recipe in enumerate(recipes):
            values = table.loc[table["recipe"] == recipe, label]
            axis.plot(values, [place] * len(values), "o", ms=4, color="#0072B2", alpha=0.8)
            axis.plot([values.mean()], [place], "|", ms=11, mew=2, color="#0072B2")
        for (name, values), style in zip(known.items(), ("-", "--", ":"), strict=False):
            axis.axvline(values[label], color="0.35", lw=1, ls=style, label=row_of(name).name)
        axis.set(title=label, yticks=range(len(recipes)), yticklabels=recipes, xlabel="R²")
    axes[0].invert_yaxis()
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(known))
    with atomic(path) as temporary:
        fig.savefig(temporary, format="svg")
