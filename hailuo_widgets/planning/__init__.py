"""Planning of a sweep: the user's input becomes checked requests, and a plan with its cost."""
