"""Pure values: requests, the catalog's row types, runs and their states. No I/O, no clock."""
