"""PDF: the LaTeX document, set by an engine that is installed."""
