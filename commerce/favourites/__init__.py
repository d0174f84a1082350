"""What shoppers keep an eye on: favourites, and goods they wait for."""
