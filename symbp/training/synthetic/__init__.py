"""Examples that are made, not found: seeded, with NumPy alone, the same for the same options."""
