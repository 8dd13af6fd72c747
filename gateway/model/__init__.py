"""Plain data: what every floor speaks of. No I/O, no clock, no decisions."""
