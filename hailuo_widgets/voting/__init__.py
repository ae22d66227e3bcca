"""Blind votes on pairs of runs: which pairs there are, which is shown next and on which side; the votes' table."""
