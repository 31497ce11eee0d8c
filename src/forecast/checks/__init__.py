"""Conflicts in the data, found by rules."""
