"""Links to servers and files that more than one part of the gateway keeps things in."""
