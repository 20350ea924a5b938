"""Documents drawn in code with their exact truth, clean and degraded; shipped so that anyone can measure with them."""
