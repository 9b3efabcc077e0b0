"""Tables for readers, as HTML in the page's own colours."""

from drasclr_core.report.figures.evaluation.rows import label
from drasclr_core.report.figures.evaluation.scorecard import points
from drasclr_core.report.tables.beside_paper import mean_sd, table_html
from drasclr_core.report.tables.html import bare, csv_links, folded, titled
from drasclr_core.report.tables.scorecard import claim_value, scorecard_table
from drasclr_core.report.tables.significance import readable

__all__ = [
    "bare",
    "claim_value",
    "csv_links",
    "folded",
    "label",
    "mean_sd",
    "points",
    "readable",
    "scorecard_table",
    "table_html",
    "titled",
]
