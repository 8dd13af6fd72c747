"""Hypothesis without a time limit for each example: machines that run other things, too, would fail it by chance."""

from hypothesis import settings

settings.register_profile("shared-machine", deadline=None)
settings.load_profile("shared-machine")
