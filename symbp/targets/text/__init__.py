"""The text target: an explanation for a terminal, mathematics in Unicode."""
