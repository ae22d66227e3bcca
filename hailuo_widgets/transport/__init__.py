"""HTTP: calls to providers, streams of clips, and which hosts may be asked."""
