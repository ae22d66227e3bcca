"""A home folder at work: plan, start and resume runs, and the handles of runs and sweeps."""
