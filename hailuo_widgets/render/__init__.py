"""One run, a grid of runs and a plan as static HTML and as plain text."""
