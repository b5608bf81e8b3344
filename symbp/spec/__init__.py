"""From YAML to a frozen, valid `NetworkSpec`; every error at once, with file and line."""
