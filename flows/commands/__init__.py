"""The commands of ``pillarfour``, a room each."""
