"""Projections, the one long table of forecasts, and how good they were."""
