"""The widgets: each module is the Python half of one, its browser half stands in `js/`, built into `static/`."""
