"""The languages there are."""

from __future__ import annotations

from collections.abc import Mapping

from symbp.explain.words import en, zh
from symbp.explain.words.language import Language

LANGUAGES: Mapping[str, Language] = {
    "en": Language("en", en.PHRASES),
    "zh": Language("zh", zh.PHRASES, apart=True),
}
