"""Parameters learned from published counts, and whether the result can be used."""
