"""Lasting members and campaign members of the nation and its places: a model that is learned from all counts at once."""
