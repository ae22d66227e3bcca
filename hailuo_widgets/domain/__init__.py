"""Values and rules without I/O or clock: requests, provider facts, runs, sweeps, votes."""
