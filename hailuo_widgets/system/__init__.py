"""Operating-system facts: process identity and liveness, clocks, fork hooks, private files."""
