"""Words of vowels, sung: harmonics of a pitch under formants, heard by a bank of filters. Classification of sequences.

A vowel is three formants, the mean of men in Peterson & Barney, Control Methods Used in a Study of the Vowels,
J. Acoust. Soc. Am. 24 (1952), table II. A word glides through two or three of them. Words hold the same vowels in
another order, so that frames without their order do not tell them apart. Pitch, the length of the throat, speed,
loudness and when the word begins are drawn anew for each example.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from symbp.training.dataset import Dataset
from symbp.training.random import EXAMPLES, generator

VOWELS = {"i": (270.0, 2290.0, 3010.0), "a": (730.0, 1090.0, 2440.0), "u": (300.0, 870.0, 2240.0)}
WORDS = ("ia", "ai", "iu", "ui", "au", "ua", "iau", "uai")
WIDTHS = np.array([60.0, 90.0, 150.0])  # of the formants, in Hz
LEVELS = np.array([1.0, 0.7, 0.4])  # of their peaks
LOWEST, HIGHEST = 100.0, 4000.0  # Hz
HARMONICS = 40
SILENCE = 1e-3  # added to energies before their logarithm
CHUNK = 200  # examples at a time


def tones(options: Mapping[str, float | int]) -> Dataset:
    """`x` (n, frames, bands), logarithms of energies, and the number of the word."""
    n, frames, bands = (int(options[key]) for key in ("examples", "frames", "bands"))
    draw = generator(int(options["seed"]), EXAMPLES)
    y = draw.integers(len(WORDS), size=n)
    heard = [_heard(draw, y[k : k + CHUNK], frames, bands, options["noise"]) for k in range(0, n, CHUNK)]
    return Dataset("tones", np.concatenate(heard), y, classes=WORDS)


def _heard(draw: np.random.Generator, words: np.ndarray, frames: int, bands: int, noise: float) -> np.ndarray:
    """Logarithms of energies, an example for each number of a word."""
    n = len(words)
    begin, end = draw.uniform(0, 0.3, (n, 1)), draw.uniform(0.7, 1, (n, 1))
    time = (np.arange(frames) + 0.5) / frames
    place = (time - begin) / (end - begin)  # in the word: 0 to 1
    voiced = np.clip(np.minimum(place, 1 - place) * 8, 0, 1)
    bend = draw.uniform(0.6, 1.6, (n, 1))  # slower at the beginning or at the end
    formants = _glide(words, np.clip(place, 0, 1) ** bend) * draw.uniform(0.88, 1.18, (n, 1, 1))
    trill = 1 + 0.02 * np.sin(draw.uniform(10, 40, (n, 1)) * time + draw.uniform(0, 7, (n, 1)))
    pitch = draw.uniform(90, 260, (n, 1)) * (1 + draw.uniform(-0.2, 0.2, (n, 1)) * time) * trill
    tone = pitch[..., None] * np.arange(1, HARMONICS + 1)  # (n, frames, harmonics)
    apart = (tone[..., None] - formants[..., None, :]) / WIDTHS
    level = (LEVELS / np.sqrt(1 + apart**2)).sum(-1)
    loudness = draw.uniform(0.3, 1, (n, 1)) * voiced
    energy = (loudness[..., None] * level) ** 2 * (tone < HIGHEST)
    sounds = np.einsum("nth,nthb->ntb", energy, _bank(tone, bands))
    sounds += noise * draw.exponential(size=sounds.shape)
    logarithms: np.ndarray = np.log(sounds + SILENCE).astype(np.float32)
    return logarithms


def _glide(words: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The formants (n, frames, 3) at places from 0 to 1 of the words."""
    formants = np.empty((*place.shape, 3))
    for number, word in enumerate(WORDS):
        of = words == number
        held = np.linspace(0, 1, 2 * len(word))  # a vowel is held, then glides into the next
        for k in range(3):
            levels = np.repeat([VOWELS[vowel][k] for vowel in word], 2)
            formants[of, :, k] = np.interp(place[of], held, levels)
    return formants


def _bank(tone: np.ndarray, bands: int) -> np.ndarray:
    """How much each band hears of a tone: triangles that overlap, evenly spaced in mel (O'Shaughnessy, 1987)."""
    low, high, mel = (2595 * np.log10(1 + hertz / 700) for hertz in (LOWEST, HIGHEST, tone))
    place = (mel - low) / (high - low) * (bands + 1) - 1
    heard: np.ndarray = np.clip(1 - np.abs(place[..., None] - np.arange(bands)), 0, None)
    return heard
