"""Page image → page: engines, layout, assembly over pages. Knows nothing of the station that keeps a model serving."""
