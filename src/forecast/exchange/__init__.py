"""Planners' spreadsheets in and out."""
