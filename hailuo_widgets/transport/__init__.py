"""HTTP: calls to providers, downloads of clips, and the check of the hosts that are contacted."""
