"""Where the project's files are."""

from pathlib import Path

PACKAGE = Path(__file__).parents[1]  # src/forecast
ROOT = PACKAGE / "project" if (PACKAGE / "project").is_dir() else PACKAGE.parents[1]
"""Where data/, docs/ and notebooks/ are: beside src/, or in an installed package."""
