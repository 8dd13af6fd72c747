"""Settings: everything an operator can say, frozen. Each field carries its meaning, default and limits.

The models are the documentation: `ragfront schema` and docs/configuration.md are made from them. Rules that
look at more than one field stand in `config/rules.py`, since only there the line of the mistake is known.
"""
