"""Group-buy 拼团: campaigns, groups, seats and what they cost. What happens to the orders of a group stands in orders."""
