"""Flash sale 限时抢购: a quota set aside from stock, a limit for each customer, and an honest line to wait in."""
