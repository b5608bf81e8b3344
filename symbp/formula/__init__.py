"""The formula language: grammar, parser, index algebra, and the slow evaluator that is the oracle."""
