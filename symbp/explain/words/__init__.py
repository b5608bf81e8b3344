"""The words of explanations: tables of phrases, one module a language, and how phrases are filled."""
