"""Lungs, airways and air in a scan."""
