"""Import of published or own figures: files in, aggregates out; no person's row is kept."""
