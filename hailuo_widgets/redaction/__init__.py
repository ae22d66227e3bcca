"""Takes keys, passwords and signed parts of links out of text that is shown or kept."""
