"""The use cases are driven through the JSON door, as programs do."""

from tests.doors.conftest import api, migrated_sqlite

__all__ = ["api", "migrated_sqlite"]
