"""Operate: the commands of an operator, over the admin API of a running gateway."""
