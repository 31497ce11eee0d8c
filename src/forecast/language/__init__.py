"""Numbers, terms and text in the reader's language."""
