"""The board: every province and the nation from today on, their targets, the price, plans; parts that add up."""
