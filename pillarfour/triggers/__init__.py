"""The shared file of triggers: its words, its reading, and what it finds on a night."""
