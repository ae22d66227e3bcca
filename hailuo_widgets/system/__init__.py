"""This process and this machine: identity, liveness, clocks, forks, private files."""
