"""What the triggers would have said on past nights."""
