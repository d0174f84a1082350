"""What concerns everything a person has in the shop: two customers become one, an export, an erasure."""
