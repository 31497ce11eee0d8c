"""Forecasts of any table of series: `unique_id, ds, y` in, quantiles out."""
