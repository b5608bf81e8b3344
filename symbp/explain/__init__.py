"""What a derivation says to a reader, before any target's syntax."""
