"""From what a user gives to checked requests, and to a plan with its price."""
