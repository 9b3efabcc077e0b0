"""Emphysema boxes as an annotator leaves them: their edge, subtypes and table."""

BOX_MM = 32.0
"""Edge of a box, mm."""
SUBTYPES = ("centrilobular", "paraseptal")
COLUMNS = ("sid", "x", "y", "z", "subtype")
"""Of the table of boxes; the centre in RAS mm."""
