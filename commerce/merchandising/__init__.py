"""What the merchant does with the shelf: products, texts, prices, pictures, categories."""
