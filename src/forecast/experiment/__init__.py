"""Scenarios x engines x draws: runs, backtests, and the ledger of published forecasts."""
