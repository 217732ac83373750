"""Results for people: numbers in words, tables, figures and the one-file HTML report."""
