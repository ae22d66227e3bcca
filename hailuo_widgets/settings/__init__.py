"""Settings, configuration files and credentials."""
