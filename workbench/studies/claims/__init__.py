"""What the paper claims, put to the test on the person's own model and facts."""
