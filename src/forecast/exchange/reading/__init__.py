"""Any office's spreadsheet, step by step: cells, tables, headings, months, whole persons, names, checks, a report."""
