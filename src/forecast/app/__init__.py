"""The scenario page in a browser, on this machine only."""
