"""Checks that share nothing with what they check but the formulas: autodiff, complex step, central differences."""
