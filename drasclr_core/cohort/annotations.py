"""Emphysema boxes as an annotator leaves them: their edge, subtypes and table."""

BOX_MM = 32.0
SUBTYPES = ("centrilobular", "paraseptal")
COLUMNS = ("sid", "x", "y", "z", "subtype")
