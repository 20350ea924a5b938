"""File → page images: sniffing, limits, rendering in a killable child, text layer, triage."""
