"""DrasCLR: the thin core of the executable edition of the paper.

Each subpackage is one stage of the way of the data: ``cohort`` (subjects), ``anatomy`` (lungs, atlas, registration,
patches), ``model`` (Loc-CondConv, losses, memory bank), ``pretrain``, ``represent`` (features), ``evaluate`` (readouts)
and ``report`` (figures, tables, provenance, the book).
"""

__version__ = "0.1.0"
