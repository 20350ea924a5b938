"""``docstation models``: what serves, seen and changed from the command line; one module a command."""
