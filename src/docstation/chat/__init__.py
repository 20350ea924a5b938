"""Conversations about pages, regions and images."""
