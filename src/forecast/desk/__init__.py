"""Decisions: targets, comparisons, searches, allocation."""
