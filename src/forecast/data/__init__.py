"""What others wrote down: laws, places, counts, and the tables that hold them; one module for each."""
