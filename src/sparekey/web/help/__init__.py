"""The help centre: an article a file, in every language, and the search in them (mission.md, C1)."""
