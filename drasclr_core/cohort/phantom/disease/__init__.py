"""Emphysema, pneumonia, and what looks like disease and is not."""
