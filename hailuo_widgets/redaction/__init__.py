"""Removal of keys, passwords and link signatures from text that is shown or stored."""
