"""Advice: what a log of questions says about lifetimes and sizes, before anything is set."""
