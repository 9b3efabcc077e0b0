"""Tests of differences, resampling, trends."""
