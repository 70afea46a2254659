"""The machinery of the early-warning pipeline; it knows no source and no detector by name."""
