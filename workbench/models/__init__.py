"""Language models: where they come from, what can be edited in them, and how they leave."""
