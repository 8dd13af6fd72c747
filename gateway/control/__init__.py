"""What operators change while it runs."""
