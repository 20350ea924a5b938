"""Schema to values with evidence: forms of schemas, presets, checks, matching against what was read."""
