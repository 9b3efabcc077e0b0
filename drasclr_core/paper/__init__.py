"""The paper's own numbers and claims, transcribed, and how they are read."""

from drasclr_core.paper.printed import TABLES, claims, footnotes, joint_claims, significance_claims, table

__all__ = ["TABLES", "claims", "footnotes", "joint_claims", "significance_claims", "table"]
