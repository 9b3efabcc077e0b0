"""Whether a scan can be used, and why not."""
