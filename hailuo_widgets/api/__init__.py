"""The public surface: `Session`, and the same functions on the session that is there when nobody names one."""
