"""DrasCLR without the neighbouring loss (paper Tables 4, 6 and 8)."""

from __future__ import annotations

from types import MappingProxyType

from drasclr_core.methods.drasclr import DrasCLR
from drasclr_core.methods.row import Row


class DrasCLRLocal(DrasCLR):
    """DrasCLR that contrasts each patch alone: R = 0."""

    row = Row("DrasCLR without neighbours", "#009E73", 595, {
        "table4": "Ours w/o Neighbor Contrast", "table6": "Loc-CondConv (Ours)", "table8": "No Neighboring Contrast",
    })  # fmt: skip
    fixed = MappingProxyType({"neighbors": 0})
