"""Modules that symbp generated from `specs/`: showcase and golden copy. Each checks its own gradient as a script."""
