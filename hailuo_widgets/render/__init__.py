"""Static HTML and plain text of a run, a grid of runs, and a plan."""
