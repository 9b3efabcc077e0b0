"""Tables for readers, as HTML in the page's own colours."""

from drasclr_core.report.tables.beside_paper import (
    DETECTION_COLUMNS,
    PHENOTYPE_COLUMNS,
    SEVERITY_COLUMNS,
    mean_sd,
    table_html,
)
from drasclr_core.report.tables.html import bare, csv_links, folded, worded
from drasclr_core.report.tables.scorecard import scorecard_table
from drasclr_core.report.tables.significance import readable

__all__ = [
    "DETECTION_COLUMNS",
    "PHENOTYPE_COLUMNS",
    "SEVERITY_COLUMNS",
    "bare",
    "csv_links",
    "folded",
    "mean_sd",
    "readable",
    "scorecard_table",
    "table_html",
    "worded",
]
