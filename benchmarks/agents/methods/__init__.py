"""One module for each method; all do the work of `work.py`.

A module has `prepare(work, seed)`, which makes the people and returns them; `live(people)`, which lives all months of
the work; and `count(people)`, which returns the entries and the members at the end, a list with one pair for each draw.
"""
