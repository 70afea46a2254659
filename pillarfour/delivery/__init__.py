"""What is told, to whom, and the record of it."""
