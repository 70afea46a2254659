"""How we look: one file a method, one line here."""
