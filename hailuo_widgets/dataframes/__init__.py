"""Records, facts, plans and votes as pandas DataFrames."""
