"""From equations to a derivation: the chain rule, the delta algebra, saved values, stable forms."""
