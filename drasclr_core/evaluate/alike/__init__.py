"""Disease that the place defines: emphysema told from what looks like it and is normal where it lies."""

from drasclr_core.evaluate.alike.alike import AlikePatches, alike_patches, alike_table, told_apart, with_place

__all__ = ["AlikePatches", "alike_patches", "alike_table", "told_apart", "with_place"]
