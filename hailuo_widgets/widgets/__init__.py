"""Widgets of a notebook.

Each module is the Python half of one; its JavaScript half is in ``js/``, built into ``static/``.
"""
