"""Why an interval is wide, and what to count next."""
