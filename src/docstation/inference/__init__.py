"""Asking a served vision-language model: profiles, image sizes, windows, streams; knows nothing of pages or jobs."""
