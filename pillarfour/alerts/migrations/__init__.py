"""How the ledger's tables came to be what they are, one revision a change; a ledger brings itself up to date when it is opened."""
