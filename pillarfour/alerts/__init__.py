"""The life of an alert: what is decided, and the ledger that remembers it."""
