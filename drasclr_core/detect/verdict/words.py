"""What pages say of verdicts: whose maps there are beside, and why there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from drasclr_core.detect.verdict.verdict import Verdict, drawing_method, drawn_subtypes
from drasclr_core.methods import row_of
from drasclr_core.run import Run


def others_drawn(verdicts: Mapping[str, Sequence[Verdict]], closely: str) -> str:
    """Returns in Markdown which methods but that looked at closely may draw which subtype; empty where it is alone."""
    may = {name: [one.subtype for one in found if one.drawn] for name, found in verdicts.items() if name != closely}
    if not may:
        return ""
    said = "; ".join(f"{row_of(name).name} ({' and '.join(kinds)}; `method = \"{name}\"`)"
                     for name, kinds in may.items() if kinds)  # fmt: skip
    told = "By the same rule, of the others that were fine-tuned in the same way,"
    if not said:
        return f"{told} none may be drawn."
    return (f"{told} these may be drawn by notebooks 21 and 22: {said}. Each is judged alone: the best of several, "
            "picked on these boxes, will be somewhat worse on others.")  # fmt: skip


def nothing_drawn(run: Run, method: str, said: Mapping[str, str], what: str, figure: int) -> str:
    """Returns in Markdown why a page that shows what detectors find shows nothing, and whose page does.

    Parameters
    ----------
    run : Run
    method : str
        Whose detectors the page is about.
    said : mapping of str to str
        From `drawn_subtypes`; empty where there are no detectors.
    what : str
        What is not there, as "No maps".
    figure : int
        Of the paper, which would stand on the page.
    """
    begin = f"**{what} of {row_of(method).name}:**"
    if not said:
        return f"{begin} there are no detectors `{method}`. Notebook 20 says why (most often: too few annotated boxes)."
    other = drawing_method(run, method)
    kinds = " and ".join(drawn_subtypes(run, other)[0])
    beside = "" if other == method else (
        f" The detectors of {row_of(other).name} pass, for {kinds} emphysema: see their tab, or run the page "
        f"with `method = \"{other}\"`.")  # fmt: skip
    return (f"{begin} its detectors are not far enough ahead of what sees no image, or mark too much of healthy lungs "
            "(the lines below say which), and their marks would be taken for disease. Paper Fig. "
            f"{figure} would stand here.{beside}")  # fmt: skip
