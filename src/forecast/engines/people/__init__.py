"""The agent engine and its expectation: people, teams and the months they live through."""
