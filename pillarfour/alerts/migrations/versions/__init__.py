"""The revisions, oldest first. A revision that has been used is never edited."""
