"""Blind votes on pairs of clips, and the statistics that rank items by them."""
