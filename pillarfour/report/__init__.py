"""What readers look at."""
