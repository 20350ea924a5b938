"""What could run: the catalogue of models, the arithmetic of their weights, and the plan that fits one into a budget.

Nothing here starts anything, and nothing here knows of the station that does; plans and argument vectors are data.
"""
