"""Checks of the language: words, lengths of sentences, names.

A person runs ``python -m tools.voice``; the unit tests hold the counts below
those in ``baseline.json``. The rules are in :mod:`tools.voice.words`,
:mod:`tools.voice.sentences` and :mod:`tools.voice.names`.
"""
