"""A frozen question: levers, the plan they compile to, and the scenario that asks."""
