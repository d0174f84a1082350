"""Group-buy 拼团: campaigns, groups, seats and their prices. What becomes of the orders of a group stands in orders."""
