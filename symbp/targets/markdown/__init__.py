"""The Markdown target: an explanation as GitHub renders it, mathematics between dollars."""
