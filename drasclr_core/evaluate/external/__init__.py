"""External validation: what was fitted on one cohort, tested on subjects of another, who took part in nothing."""

from drasclr_core.evaluate.external.table import ExternalTable, external_table

__all__ = ["ExternalTable", "external_table"]
