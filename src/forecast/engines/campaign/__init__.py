"""Lasting members and campaign members of the nation and its places, learned from all counts at once."""
