"""Where the project's files are."""

from pathlib import Path

PACKAGE = Path(__file__).parents[1]  # src/forecast
ROOT = PACKAGE.parents[1]
