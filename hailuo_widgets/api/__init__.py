"""Public functions, and `Session` with the same functions as methods.

The functions use a default session if no session is named.
"""
