"""What is believed of each parameter, and why."""
