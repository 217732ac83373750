"""The engines: each makes the same trace from the same draws."""
