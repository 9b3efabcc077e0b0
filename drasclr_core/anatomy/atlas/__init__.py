"""The atlas, its landmarks, and the way from a scan to it."""
